/* A late write would go into somebody else's file.
 *
 * expect: stale-use now=write_late closed=close_it opened=open_it
 * native: harms
 * prints: the stranger has 0 bytes */
#include "program.h"
#include <sys/mman.h>

static FILE *scratch;

STEP int open_it(void)
{
    return dup(fileno(scratch));
}

STEP void close_it(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP void write_late(int descriptor)
{
    (void)!write(descriptor, "late", 4);
}

int main(void)
{
    struct stat status;
    int descriptor;
    int stranger;
    scratch = tmpfile();
    descriptor = open_it();
    close_it(descriptor);
    stranger = memfd_create("stranger", 0);
    write_late(descriptor);
    MUST(fstat(stranger, &status) == 0);
    printf("the stranger has %d bytes\n", (int)status.st_size);
    return close(stranger) | fclose(scratch);
}
