/* The same with a directory.
 *
 * expect: double-close now=close_number closed=close_directory
 * run:
 * run: --quarantine=0 -- */
#include "program.h"

STEP void close_directory(DIR *directory)
{
    MUST(closedir(directory) == 0);
}

STEP void close_number(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    int descriptor = open("/etc", O_RDONLY | O_DIRECTORY);
    DIR *directory = fdopendir(descriptor);
    MUST(directory != NULL && readdir(directory) != NULL);
    close_directory(directory);
    close_number(descriptor);
    return 0;
}
