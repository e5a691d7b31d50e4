/* The object that programs/in_library.c loads. */
#include "program.h"

void plugin(void);

STEP void twice_in_plugin(void)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    MUST(close(descriptor) == 0);
    MUST(is_refused(close(descriptor)));
}

void plugin(void)
{
    twice_in_plugin();
}
