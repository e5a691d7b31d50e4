/* close(dirfd(directory)).
 *
 * expect: foreign-close now=close_raw opened=open_directory
 * run:
 * run: --quarantine=0 -- */
#include "program.h"

STEP DIR *open_directory(void)
{
    return opendir("/etc");
}

STEP void close_raw(DIR *directory)
{
    MUST(close(dirfd(directory)) == 0);
}

int main(void)
{
    DIR *directory = open_directory();
    close_raw(directory);
    MUST(is_refused(closedir(directory)));
    return 0;
}
