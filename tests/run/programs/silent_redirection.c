/* close(1), and the file that is opened next is the new standard output; as shells have done it
 * since there are shells.
 *
 * expect: nothing */
#include "program.h"

int main(void)
{
    struct stat status;
    int saved = dup(1);
    MUST(close(1) == 0);
    MUST(open("output", O_WRONLY | O_CREAT | O_TRUNC, 0600) == 1);
    puts("into the file");
    MUST(fflush(stdout) == 0);
    MUST(fstat(1, &status) == 0);
    MUST(close(1) == 0);
    MUST(dup(saved) == 1);
    MUST(close(saved) == 0);
    printf("%d bytes\n", (int)status.st_size);
    MUST(close(0) == 0);
    MUST(open("output", O_RDONLY) == 0);
    printf("first: %c\n", getchar());
    return 0;
}
