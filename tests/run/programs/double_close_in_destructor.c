/* After main.
 *
 * expect: double-close now=after_main closed=main opened=main */
#include "program.h"

static int descriptor;

__attribute__((destructor, used)) STEP void after_main(void)
{
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    descriptor = open("/etc/hostname", O_RDONLY);
    MUST(close(descriptor) == 0);
    puts("main");
    return 0;
}
