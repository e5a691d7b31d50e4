/* dup2 over what the program itself has opened: replacement, not theft.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 -- */
#include "program.h"

static int log_number;

STEP void rotate(void)
{
    int fresh = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
    MUST(fresh > 2);
    MUST(dup2(fresh, log_number) == log_number);
    MUST(close(fresh) == 0);
}

int main(void)
{
    struct stat status;
    log_number = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
    for (int i = 0; i < 100; i++) {
        MUST(rename("log", "log.1") == 0);
        rotate();
        MUST(write(log_number, "line\n", 5) == 5);
    }
    MUST(fstat(log_number, &status) == 0);
    printf("%d bytes\n", (int)status.st_size);
    MUST(dup2(log_number, log_number) == log_number);
    MUST(close(log_number) == 0);
    return 0;
}
