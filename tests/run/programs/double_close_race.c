/* Two threads close one descriptor at once, many times over: one of the two is refused.
 *
 * expect: double-close now=close_too opened=open_it times=1..2
 * run:
 * run: --quarantine=0 -- */
#include "program.h"

static pthread_barrier_t barrier;
static int descriptor;
static int refused;

STEP int open_it(void)
{
    return open("/etc/hostname", O_RDONLY);
}

STEP void close_too(void)
{
    if (close(descriptor) != 0) {
        MUST(errno == EBADF);
        (void)__atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
    }
}

STEP void *peer(void *unused)
{
    for (int i = 0; i < 200; i++) {
        (void)pthread_barrier_wait(&barrier);
        close_too();
        (void)pthread_barrier_wait(&barrier);
    }
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    MUST(pthread_barrier_init(&barrier, NULL, 3) == 0);
    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&threads[i], NULL, peer, NULL) == 0);
    for (int i = 0; i < 200; i++) {
        descriptor = open_it();
        (void)pthread_barrier_wait(&barrier);
        (void)pthread_barrier_wait(&barrier);
    }
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    printf("%d refused\n", refused);
    return 0;
}
