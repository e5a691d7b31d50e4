/* One thread opens, another closes: fine as long as it is once.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 -- */
#include "program.h"

static int queue[2];

static void *closes(void *unused)
{
    int descriptor;
    while (read(queue[0], &descriptor, sizeof descriptor) == (ssize_t)sizeof descriptor)
        MUST(close(descriptor) == 0);
    return unused;
}

int main(void)
{
    pthread_t thread;
    MUST(pipe(queue) == 0);
    MUST(pthread_create(&thread, NULL, closes, NULL) == 0);
    for (int i = 0; i < 3000; i++) {
        int descriptor = open("/dev/null", O_RDONLY);
        MUST(write(queue[1], &descriptor, sizeof descriptor) == (ssize_t)sizeof descriptor);
    }
    MUST(close(queue[1]) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    MUST(close(queue[0]) == 0);
    return 0;
}
