/* _exit right after the mistake: no destructor runs.
 *
 * expect: double-close now=close_again
 * status: 5 */
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
    _exit(5);
}
