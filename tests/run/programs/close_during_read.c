/* A thread waits in read when its pipe is closed.  It goes on waiting, as without the tool, until
 * the other end is closed.
 *
 * expect: close-during-use now=close_it opened=open_it holder=reads holder_thread=reader
 * run:
 * run: --quarantine=0 -- */
#include "program.h"

static int ends[2];
static pid_t reader_id;

STEP void open_it(void)
{
    MUST(pipe(ends) == 0);
}

STEP void close_it(void)
{
    MUST(close(ends[0]) == 0);
}

STEP void *reads(void *unused)
{
    char byte;
    MUST(pthread_setname_np(pthread_self(), "reader") == 0);
    __atomic_store_n(&reader_id, gettid(), __ATOMIC_RELEASE);
    MUST(read(ends[0], &byte, 1) == 0);
    return unused;
}

int main(void)
{
    pthread_t thread;
    pid_t id;
    open_it();
    MUST(pthread_create(&thread, NULL, reads, NULL) == 0);
    while ((id = __atomic_load_n(&reader_id, __ATOMIC_ACQUIRE)) == 0)
        (void)usleep(1000);
    wait_until_asleep(id);
    close_it();
    MUST(close(ends[1]) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    return 0;
}
