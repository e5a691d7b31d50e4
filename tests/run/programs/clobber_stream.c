/* dup2 and dup3 onto what a stream and a directory own.
 *
 * expect: clobber now=place_over_stream opened=open_stream
 * expect: clobber now=place_over_directory opened=open_directory */
#include "program.h"

STEP FILE *open_stream(void)
{
    return fopen("/etc/hostname", "r");
}

STEP DIR *open_directory(void)
{
    return opendir("/etc");
}

STEP void place_over_stream(int from, FILE *stream)
{
    MUST(dup2(from, fileno(stream)) == fileno(stream));
}

STEP void place_over_directory(int from, DIR *directory)
{
    MUST(dup3(from, dirfd(directory), O_CLOEXEC) == dirfd(directory));
}

int main(void)
{
    FILE *stream = open_stream();
    DIR *directory = open_directory();
    int from = open("/dev/null", O_RDONLY);
    place_over_stream(from, stream);
    place_over_directory(from, directory);
    return close(from);
}
