/* What follows the environment, for those who start without a C library's help: the auxiliary
 * vector, or nothing, and then they look for it elsewhere, as Go's programs do.
 *
 * expect: nothing */
#include "program.h"
#include <elf.h>

static unsigned long page_size_among(const unsigned long *vector, int *pairs)
{
    unsigned long size = 0;
    for (*pairs = 0; vector[*pairs * 2] != AT_NULL; ++*pairs)
        if (vector[*pairs * 2] == AT_PAGESZ)
            size = vector[*pairs * 2 + 1];
    return size;
}

int main(int count, char **arguments)
{
    int pairs;
    unsigned long vector[200] = {0};
    char **after = arguments + count + 1;
    while (*after != NULL)
        after++;
    unsigned long size = page_size_among((const unsigned long *)(after + 1), &pairs);
    if (pairs == 0) {
        int file = open("/proc/self/auxv", O_RDONLY);
        MUST(read(file, vector, sizeof vector - 2 * sizeof *vector) > 0);
        MUST(close(file) == 0);
        size = page_size_among(vector, &pairs);
    }
    printf("%lu\n", size);
    return 0;
}
