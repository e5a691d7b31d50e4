/* Sets of descriptors at addresses that are none, or not whole, or not to be written: the system's
 * answer is the program's, at the same time, in a process with one thread and with several.
 *
 * expect: nothing
 * run: alone
 * run: among_threads
 * run: --quarantine=0 -- among_threads */
#include "program.h"
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <time.h>

enum { PAGES = 3, PAGE = 4096, MANY = 16 };

static char *memory; /* a page that is read only, a usual one, and one that cannot be read */
static int ends[2];

static void map_pages(void)
{
    memory = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0);
    MUST(memory != MAP_FAILED);
    for (int i = 0; i < PAGE / (int)sizeof(struct pollfd); i++)
        ((struct pollfd *)(void *)memory)[i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    MUST(mprotect(memory, PAGE, PROT_READ) == 0);
    MUST(mprotect(memory + 2 * PAGE, PAGE, PROT_NONE) == 0);
}

/* `bytes` before the one that cannot be read. */
static void *before_the_end(size_t bytes)
{
    return memory + 2 * PAGE - bytes;
}

static bool is_fault(int result)
{
    return result == -1 && errno == EFAULT;
}

static long milliseconds(void)
{
    struct timespec now;
    MUST(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- poll ----------------------------------------------------------------------------------- */

static void poll_nowhere(struct pollfd *set)
{
    struct timespec none = {0, 0};
    struct timespec wrong = {0, 2000000000};
    MUST(is_fault(poll(set, 1, -1)) && is_fault(poll(set, 1, 0)));
    MUST(is_fault(ppoll(set, 1, NULL, NULL)) && is_fault(ppoll(set, 1, &none, NULL)));
    MUST(ppoll(set, 1, &wrong, NULL) == -1 && errno == EINVAL);
}

/* The system notices when it has waited. */
static void poll_without_writing(void)
{
    long before = milliseconds();
    MUST(is_fault(poll((struct pollfd *)(void *)memory, 1, 60)));
    MUST(milliseconds() - before >= 50);
}

static void poll_what_is_cut(void)
{
    struct pollfd *set = before_the_end(MANY * sizeof *set);
    for (int i = 0; i < MANY; i++)
        set[i] = (struct pollfd){.fd = ends[0], .events = POLLIN, .revents = POLLERR};
    MUST(is_fault(poll(set, MANY + 1, -1)));
    MUST(is_fault(poll((struct pollfd *)(void *)((char *)set + 4), MANY, -1)));
    MUST(poll(set, MANY, 1) == 0 && set[0].revents == 0);
    MUST(write(ends[1], "x", 1) == 1);
    MUST(poll(set, MANY, -1) == MANY && set[MANY - 1].revents == POLLIN);
    MUST(read(ends[0], set, 1) == 1);
}

static void poll_too_many(void)
{
    struct rlimit limit;
    struct pollfd *set = before_the_end(sizeof *set);
    MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    MUST(poll(set, (nfds_t)limit.rlim_cur + 1, -1) == -1 && errno == EINVAL);
}

/* ---- select --------------------------------------------------------------------------------- */

static void select_nowhere(fd_set *set)
{
    struct timespec none = {0, 0};
    struct timeval wrong = {0, -1};
    fd_set own;
    FD_ZERO(&own);
    FD_SET(ends[0], &own);
    MUST(is_fault(select(64, set, NULL, NULL, NULL)));
    MUST(is_fault(select(64, &own, set, NULL, NULL)));
    MUST(is_fault(select(64, &own, NULL, set, NULL)));
    MUST(is_fault(pselect(64, &own, NULL, set, &none, NULL)));
    MUST(select(64, set, NULL, NULL, &wrong) == -1 && errno == EINVAL);
    MUST(select(-1, set, NULL, NULL, NULL) == -1 && errno == EINVAL);
}

/* The system reads no further than its own table of descriptors goes, whatever the end. */
static void select_up_to_the_limit(void)
{
    struct timeval none = {0, 0};
    fd_set *set = before_the_end(sizeof *set);
    FD_ZERO(set);
    FD_SET(ends[1], set);
    MUST(select(1000000, NULL, set, NULL, &none) == 1 && FD_ISSET(ends[1], set));
    MUST(is_fault(select(64, (fd_set *)(void *)(memory + 2 * PAGE - 4), NULL, NULL, &none)));
}

int main(int count, char **arguments)
{
    int spare[2];
    MUST(pipe(ends) == 0 && pipe(spare) == 0);
    MUST(close(spare[0]) == 0 && close(spare[1]) == 0);
    map_pages();
    if (strcmp(arguments[count - 1], "among_threads") == 0)
        start_idle_thread();
    MUST(poll(NULL, 0, 0) == 0);
    poll_nowhere(NULL);
    poll_nowhere((struct pollfd *)(void *)(memory + 2 * PAGE));
    poll_nowhere((struct pollfd *)(UINTPTR_MAX - 7));
    poll_without_writing();
    poll_what_is_cut();
    poll_too_many();
    select_nowhere((fd_set *)8);
    select_nowhere((fd_set *)(void *)(memory + 2 * PAGE));
    select_up_to_the_limit();
    return 0;
}
