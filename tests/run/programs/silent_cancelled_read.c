/* A thread is cancelled in a read that blocks, and joined; then the descriptor is closed.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 -- */
#include "program.h"

static int ends[2];
static pid_t reader_id;

static void *reads(void *unused)
{
    char byte;
    __atomic_store_n(&reader_id, gettid(), __ATOMIC_RELEASE);
    (void)!read(ends[0], &byte, 1);
    return unused;
}

int main(void)
{
    for (int i = 0; i < 5; i++) {
        pthread_t thread;
        void *result;
        pid_t id;
        MUST(pipe(ends) == 0);
        reader_id = 0;
        MUST(pthread_create(&thread, NULL, reads, NULL) == 0);
        while ((id = __atomic_load_n(&reader_id, __ATOMIC_ACQUIRE)) == 0)
            (void)usleep(1000);
        wait_until_asleep(id);
        MUST(pthread_cancel(thread) == 0);
        MUST(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
        MUST(close(ends[0]) == 0);
        MUST(close(ends[1]) == 0);
    }
    puts("done");
    return 0;
}
