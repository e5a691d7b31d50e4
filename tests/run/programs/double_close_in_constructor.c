/* Before main.
 *
 * expect: double-close now=before_main closed=before_main opened=before_main */
#include "program.h"

__attribute__((constructor, used)) STEP void before_main(void)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    MUST(descriptor > 2);
    MUST(close(descriptor) == 0);
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    puts("main");
    return 0;
}
