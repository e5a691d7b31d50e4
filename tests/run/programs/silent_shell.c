/* How shells redirect the numbers that scripts have chosen: what may be open is saved by a copy and
 * closed (zsh), or just closed (ksh), and the new file is moved there.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 -- */
#include "program.h"

enum { CHOSEN = 5 };

static void save_and_close(int number)
{
    int saved = fcntl(number, F_DUPFD, 10);
    (void)close(number); /* also if there was nothing to save */
    if (saved >= 0)
        MUST(close(saved) == 0);
}

static void move(int from, int to)
{
    struct stat status;
    (void)close(to);
    MUST(fstat(from, &status) == 0);
    MUST(fcntl(from, F_DUPFD, to) == to);
    MUST(close(from) == 0);
}

int main(void)
{
    for (int i = 0; i < 3; i++) {
        save_and_close(CHOSEN);
        MUST(dup2(1, CHOSEN) == CHOSEN);
        MUST(close(CHOSEN) == 0);
    }
    for (int i = 0; i < 3; i++) {
        (void)close(CHOSEN);
        MUST(fcntl(1, F_DUPFD, CHOSEN) == CHOSEN);
        MUST(close(CHOSEN) == 0);
    }
    move(open("/etc/hostname", O_RDONLY), 0);
    puts("redirected");
    return 0;
}
