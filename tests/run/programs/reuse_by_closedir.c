/* The same with a directory.
 *
 * expect: foreign-close now=close_raw opened=open_directory
 * expect: handle-reuse now=close_directory opened=open_directory closed=close_raw
 * victim=open_victim run: --quarantine=0 -- */
#include "program.h"

STEP DIR *open_directory(void)
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

STEP void close_directory(DIR *directory)
{
    MUST(closedir(directory) == 0);
}

int main(void)
{
    DIR *directory = open_directory();
    int number = dirfd(directory);
    close_raw(directory);
    MUST(open_victim() == number);
    close_directory(directory);
    return 0;
}
