/* The object that programs/clobber_of_plugin.c loads. */
#include "program.h"

int plugin(void);

STEP int opened_in_plugin(void)
{
    return open("/etc/hostname", O_RDONLY);
}

int plugin(void)
{
    int number = opened_in_plugin();
    MUST(number > 2);
    return number;
}
