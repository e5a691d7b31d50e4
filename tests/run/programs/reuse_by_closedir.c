/* The same with a directory.
 *
 * expect: foreign-close now=close_raw opened=open_it
 * expect: handle-reuse now=close_it opened=open_it closed=close_raw victim=open_victim
 * run: --quarantine=0 -- */
#include "program.h"

STEP DIR *open_it(void)
{
    return opendir("/etc");
}

STEP int open_victim(void)
{
    return open("/etc/passwd", O_RDONLY);
}

STEP void close_raw(DIR *directory)
{
    MUST(close(dirfd(directory)) == 0);
}

STEP void close_it(DIR *directory)
{
    MUST(closedir(directory) == 0);
}

int main(void)
{
    DIR *directory = open_it();
    int number = dirfd(directory);
    close_raw(directory);
    MUST(open_victim() == number);
    close_it(directory);
    return 0;
}
