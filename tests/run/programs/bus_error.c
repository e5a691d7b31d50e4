/* SIGBUS is the program's, also where the tool guards a trace against being cut off: its action is
 * what the program has set, the program's own faults and what it is sent end it, and its own
 * handler is called.
 *
 * expect: nothing
 * run: by_fault
 * run: --trace=trace -- by_fault
 * run: --trace=trace -- by_kill
 * run: --trace=trace -- in_thread
 * status: signal 7
 * skip-flavours: address thread */
#include <setjmp.h>
#include <sys/mman.h>

#include "program.h"

static sigjmp_buf away;
static volatile int handled;

static void leave(int number)
{
    handled = number;
    siglongjmp(away, 1);
}

static char *cut_off(void)
{
    FILE *file = tmpfile();
    MUST(file != NULL && ftruncate(fileno(file), 4096) == 0);
    char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    MUST(memory != MAP_FAILED && ftruncate(fileno(file), 0) == 0 && fclose(file) == 0);
    return memory;
}

static void *touch(void *memory)
{
    *(volatile char *)memory = 1;
    return memory;
}

static bool is_default(void)
{
    struct sigaction action;
    MUST(sigaction(SIGBUS, NULL, &action) == 0);
    return action.sa_handler == SIG_DFL && (action.sa_flags & SA_SIGINFO) == 0;
}

static void handle_own(void)
{
    const struct sigaction own = {.sa_handler = leave};
    struct sigaction before;
    MUST(sigaction(SIGBUS, &own, &before) == 0 && before.sa_handler == SIG_DFL);
    if (sigsetjmp(away, 1) == 0)
        (void)touch(cut_off());
    MUST(handled == SIGBUS);
    MUST(sigaction(SIGBUS, &before, NULL) == 0 && is_default());
    MUST(signal(SIGBUS, leave) == SIG_DFL && signal(SIGBUS, SIG_IGN) == leave);
    MUST(signal(SIGBUS, SIG_DFL) == SIG_IGN && is_default());
}

int main(int count, char **arguments)
{
    pthread_t thread;
    MUST(count == 2 && is_default());
    handle_own();
    pid_t child = fork();
    if (child == 0)
        (void)touch(cut_off());
    MUST(status_of(child) == 256 + SIGBUS);
    puts(arguments[1]);
    (void)fflush(stdout);
    if (strcmp(arguments[1], "by_kill") == 0)
        (void)kill(getpid(), SIGBUS);
    else if (strcmp(arguments[1], "by_fault") == 0)
        (void)touch(cut_off());
    else if (pthread_create(&thread, NULL, touch, cut_off()) == 0)
        (void)pthread_join(thread, NULL);
    return 0;
}
