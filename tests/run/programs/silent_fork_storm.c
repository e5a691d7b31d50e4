/* Forks while other threads open and close: the children's tables are whole, and usable.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 -- */
#include "program.h"

static bool enough;

static void *worker(void *unused)
{
    while (!__atomic_load_n(&enough, __ATOMIC_RELAXED)) {
        int descriptor = open("/dev/null", O_RDONLY);
        MUST(descriptor > 2 && close(descriptor) == 0);
    }
    return unused;
}

static void child(void)
{
    for (int i = 0; i < 300; i++) {
        int descriptor = open("/dev/null", O_RDONLY);
        MUST(descriptor > 2 && close(descriptor) == 0);
    }
    _exit(0);
}

/* ThreadSanitizer's own table of descriptors grows by allocations, whose lock the child may find
 * taken for ever.  So it grows first. */
static void take_numbers_once(void)
{
    for (int i = 3; i < 900; i++)
        MUST(dup2(0, i) == i && close(i) == 0);
}

int main(void)
{
    pthread_t threads[2];
    take_numbers_once();
    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&threads[i], NULL, worker, NULL) == 0);
    for (int i = 0; i < 40; i++) {
        pid_t id = fork();
        MUST(id >= 0);
        if (id == 0)
            child();
        MUST(status_of(id) == 0);
    }
    __atomic_store_n(&enough, true, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    return 0;
}
