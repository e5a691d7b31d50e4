/* Ends by abort after its mistake.
 *
 * expect: double-close now=close_again
 * status: signal 6 */
#include "program.h"

STEP void close_again(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    MUST(close(descriptor) == 0);
    close_again(descriptor);
    abort();
}
