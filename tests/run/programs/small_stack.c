/* A thread with the least stack there is opens, closes, and closes again; and a signal handler on a
 * small stack of its own.
 *
 * expect: double-close now=twice_in_thread closed=twice_in_thread opened=twice_in_thread
 * expect: double-close now=handler closed=handler opened=handler
 * skip-flavours: address thread */
#include "program.h"
#include <limits.h>

STEP void *twice_in_thread(void *unused)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    MUST(close(descriptor) == 0);
    MUST(is_refused(close(descriptor)));
    return unused;
}

STEP void handler(int number)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    (void)number;
    MUST(close(descriptor) == 0);
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    size_t size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 8192;
    stack_t stack = {.ss_sp = malloc(size), .ss_size = size};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    MUST(pthread_attr_init(&attributes) == 0);
    MUST(pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN) == 0);
    MUST(pthread_create(&thread, &attributes, twice_in_thread, NULL) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    MUST(sigaltstack(&stack, NULL) == 0);
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    MUST(raise(SIGUSR1) == 0);
    puts("done");
    return 0;
}
