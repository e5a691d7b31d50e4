/* Threads that open, use and close what is theirs, on numbers that change hands all the time.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 --
 * run: --quarantine=3 --
 * run: --trace=trace -- */
#include "program.h"
#include <poll.h>

static void *worker(void *unused)
{
    for (int i = 0; i < 1500; i++) {
        int ends[2];
        int copy;
        char byte = 'x';
        struct pollfd one;
        FILE *stream;
        MUST(pipe(ends) == 0);
        MUST(write(ends[1], &byte, 1) == 1);
        copy = dup(ends[0]);
        MUST(copy > 2 && close(ends[0]) == 0);
        one = (struct pollfd){.fd = copy, .events = POLLIN};
        MUST(poll(&one, 1, 0) == 1 && one.revents == POLLIN);
        MUST(read(copy, &byte, 1) == 1);
        MUST(close(copy) == 0 && close(ends[1]) == 0);
        stream = fopen("/dev/null", "r");
        MUST(stream != NULL && fgetc(stream) == EOF && fclose(stream) == 0);
    }
    return unused;
}

int main(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        MUST(pthread_create(&threads[i], NULL, worker, NULL) == 0);
    for (int i = 0; i < 4; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    puts("done");
    return 0;
}
