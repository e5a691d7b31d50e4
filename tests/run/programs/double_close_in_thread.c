/* The second close comes from another thread.
 *
 * expect: double-close now=close_in_thread closed=close_it opened=open_it now_thread=second
 * run:
 * run: --quarantine=0 -- */
#include "program.h"

STEP int open_it(void)
{
    return open("/etc/hostname", O_RDONLY);
}

STEP void close_it(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP void *close_in_thread(void *argument)
{
    MUST(pthread_setname_np(pthread_self(), "second") == 0);
    MUST(is_refused(close(*(int *)argument)));
    return NULL;
}

int main(void)
{
    pthread_t thread;
    int descriptor = open_it();
    close_it(descriptor);
    MUST(pthread_create(&thread, NULL, close_in_thread, &descriptor) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    return 0;
}
