/* The same mistake a thousand times is one finding.
 *
 * expect: double-close now=twice closed=twice opened=twice times=1 */
#include "program.h"

STEP void twice(void)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    MUST(close(descriptor) == 0);
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    for (int i = 0; i < 1000; i++)
        twice();
    return 0;
}
