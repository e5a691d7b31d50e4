/* Sets of descriptors: poll, select, epoll.
 *
 * poll tells of each descriptor whether it is open, tombstones included, so it is asked first; its
 * sets may be ways to find out what is open.  select fails as a whole if one is closed, but takes a
 * tombstone for open, so the sets are looked through before.
 *
 * Among threads both sets are looked through before, too: what is open then is in use until the
 * call returns.  Who closes it meanwhile is told of that; it is no stale use, then, that poll finds
 * it closed.  (A poll that does not wait has no meanwhile: a close comes before it or after it.)
 *
 * A set that cannot be read is the system's to refuse: it is not looked at. */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "readable.h"
#include "site.h"
#include "wrap_use.h"

/* ---- poll ----------------------------------------------------------------------------------- */

static bool is_refused(const struct pollfd *one)
{
    return one->fd >= 0 && (one->revents & POLLNVAL) != 0;
}

/* All numbers from the first to the last, which includes standard descriptors. */
static bool is_range(const struct pollfd *set, nfds_t count)
{
    for (nfds_t i = 1; i < count; i++)
        if (set[i].fd - set[i - 1].fd != 1)
            return false;
    return count > 2 && set[0].fd >= 0 && set[0].fd <= STDERR_FILENO;
}

/* A set with so many numbers that are closed, and that nobody ever saw open, is a probe; so is the
 * beginning of the table. */
enum { PROBES = 3 };

static bool is_probe(const struct pollfd *set, nfds_t count)
{
    unsigned unknown = 0;
    for (nfds_t i = 0; i < count; i++)
        unknown += is_refused(&set[i]) && run_state_of(set[i].fd) == RUN_UNKNOWN;
    return unknown >= PROBES || is_range(set, count);
}

/* Of a larger set, what was open is told for stale if it is closed. */
enum { REMEMBERED = 512 };

/* What another thread writes into the set while the call lasts is the program's race: the numbers
 * are read before and after, and the system may have read others. */

typedef struct polling {
    struct pollfd *set;
    nfds_t count;
    const char *operation;
    run_set_use uses;
    uint64_t was_open[REMEMBERED / 64];
} polling;

/* To ask of one descriptor for nothing is to ask whether it is open; loops over the table do so. */
static bool is_look(const polling *of)
{
    return of->count == 1 && of->set->fd >= 0 && of->set->events == 0;
}

static void enter_series(const polling *of, int result)
{
    if (result >= 0 && is_look(of))
        run_series_step(RUN_PROBING, of->set->fd, run_site_caller(RUN_CALLER_SITE()),
                        run_state_of(of->set->fd) == RUN_UNKNOWN);
    else
        run_series_break();
    run_self.last_closed = -1;
}

static void poll_begins(polling *of, bool waits)
{
    nfds_t count = of->count < REMEMBERED ? of->count : REMEMBERED;
    if (run_is_alone() || !waits || !run_is_on() || !run_can_read(of->set, count * sizeof *of->set))
        return;
    for (nfds_t i = 0; i < count; i++)
        if (run_use_enter_in_set(&of->uses, of->set[i].fd, of->operation))
            of->was_open[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool was_open(const polling *of, nfds_t i)
{
    return i < REMEMBERED && (of->was_open[i / 64] >> (i % 64) & 1) != 0;
}

static int polled(polling *of, int result)
{
    run_use_leave_set(&of->uses);
    if (!run_is_on())
        return result;
    enter_series(of, result);
    if (result <= 0 || is_probe(of->set, of->count))
        return result;
    for (nfds_t i = 0; i < of->count; i++)
        if (is_refused(&of->set[i]) && !was_open(of, i))
            (void)run_use_in_set(of->set[i].fd, of->operation);
    return result;
}

static bool waits_for(const struct timespec *timeout)
{
    return timeout == NULL || timeout->tv_sec != 0 || timeout->tv_nsec != 0;
}

#define WRAP_POLL(name, text, waits, parameters, arguments)           \
    RUN_WRAP(int, name, parameters)                                   \
    {                                                                 \
        polling of = {.set = set, .count = count, .operation = text}; \
        poll_begins(&of, (waits));                                    \
        return polled(&of, RUN_REAL(name) arguments);                 \
    }

/* clang-format off */

WRAP_POLL(poll, "poll", timeout != 0, (struct pollfd *set, nfds_t count, int timeout), (set, count, timeout))
WRAP_POLL(ppoll, "ppoll", waits_for(timeout), (struct pollfd *set, nfds_t count, const struct timespec *timeout, const sigset_t *mask), (set, count, timeout, mask))
WRAP_POLL(__poll_chk, "poll", timeout != 0, (struct pollfd *set, nfds_t count, int timeout, size_t room), (set, count, timeout, room))
WRAP_POLL(__ppoll_chk, "ppoll", waits_for(timeout), (struct pollfd *set, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t room), (set, count, timeout, mask, room))

/* clang-format on */

/* ---- select --------------------------------------------------------------------------------- */

typedef struct sets {
    int end;
    const fd_set *of[3];
    const char *operation;
    bool is_readable;
    run_set_use uses;
    fd_set was_open; /* those that were looked at in time, among threads */
} sets;

enum { WORD_BITS = 8 * sizeof(unsigned long) };

static unsigned long word_of(const fd_set *set, int word)
{
    unsigned long bits;
    __builtin_memcpy(&bits, (const char *)set + (size_t)word * sizeof bits, sizeof bits);
    return bits;
}

/* The bits of a word that are below the end. */
static unsigned long word_in(const sets *of, int word)
{
    unsigned long bits = 0;
    int rest = of->end - word * WORD_BITS;
    for (int i = 0; i < 3; i++)
        if (of->of[i] != NULL)
            bits |= word_of(of->of[i], word);
    return rest < WORD_BITS ? bits & ((1ul << rest) - 1) : bits;
}

/* Whether one of them is closed, as far as `is_closed` knows. */
static bool visit(sets *of, bool (*is_closed)(sets *of, int descriptor))
{
    bool found = false;
    for (int word = 0; word * WORD_BITS < of->end; word++)
        for (unsigned long bits = word_in(of, word); bits != 0; bits &= bits - 1)
            found |= is_closed(of, word * WORD_BITS + __builtin_ctzl(bits));
    return found;
}

static bool is_tombstone(sets *of, int descriptor)
{
    switch (run_state_of(descriptor)) {
    case RUN_TOMB:
    case RUN_LEAVING:
    case RUN_OWN:
        return run_use_in_set(descriptor, of->operation);
    case RUN_LIVE:
        if (!run_is_alone() && run_use_enter_in_set(&of->uses, descriptor, of->operation) &&
            descriptor < FD_SETSIZE)
            FD_SET(descriptor, &of->was_open);
        return false;
    default:
        return false;
    }
}

/* What was open when the call began, and was closed since, is no stale use: its closer was told. */
static bool is_closed_now(sets *of, int descriptor)
{
    bool was_open = descriptor < FD_SETSIZE && FD_ISSET(descriptor, &of->was_open);
    return !was_open && run_use_in_set(descriptor, of->operation);
}

/* The end may lie far beyond the sets: the system reads no further than its table goes.  Ours is
 * not longer than the system's, or not longer than an fd_set. */
static void cut(sets *of)
{
    uint32_t limit = __atomic_load_n(&run_number_limit, __ATOMIC_RELAXED);
    if (of->end > 0 && (uint32_t)of->end > limit)
        of->end = (int)limit;
}

/* What lies on one page of the smallest size is asked for once. */
static bool are_neighbours(const fd_set *one, const fd_set *other, size_t bytes)
{
    enum { PAGE = 4096 };
    uintptr_t page = (uintptr_t)one / PAGE;
    return one != NULL && page == (uintptr_t)other / PAGE &&
           page == ((uintptr_t)other + bytes - 1) / PAGE;
}

static bool can_read(const sets *of)
{
    size_t words = of->end > 0 ? ((size_t)of->end + WORD_BITS - 1) / WORD_BITS : 0;
    size_t bytes = words * sizeof(unsigned long);
    const fd_set *last = NULL;
    for (int i = 0; i < 3 && bytes != 0; i++) {
        if (of->of[i] != NULL && !are_neighbours(last, of->of[i], bytes) &&
            !run_can_read(of->of[i], bytes))
            return false;
        last = of->of[i] != NULL ? of->of[i] : last;
    }
    return true;
}

/* False: the answer is EBADF. */
static bool select_begins(sets *of)
{
    if (!run_is_on())
        return true;
    run_series_break();
    run_self.last_closed = -1;
    cut(of);
    of->is_readable = can_read(of);
    if (!of->is_readable || !visit(of, is_tombstone))
        return true;
    run_use_leave_set(&of->uses);
    errno = EBADF;
    return false;
}

static int selected(int result, sets *of)
{
    run_use_leave_set(&of->uses);
    if (result < 0 && errno == EBADF && of->is_readable && run_is_on())
        (void)visit(of, is_closed_now);
    return result;
}

RUN_WRAP(int, select,
         (int end, fd_set *readable, fd_set *writable, fd_set *special, struct timeval *timeout))
{
    sets of = {.end = end, .of = {readable, writable, special}, .operation = "select"};
    if (!select_begins(&of))
        return -1;
    return selected(RUN_REAL(select)(end, readable, writable, special, timeout), &of);
}

RUN_WRAP(int, pselect,
         (int end, fd_set *readable, fd_set *writable, fd_set *special,
          const struct timespec *timeout, const sigset_t *mask))
{
    sets of = {.end = end, .of = {readable, writable, special}, .operation = "pselect"};
    if (!select_begins(&of))
        return -1;
    return selected(RUN_REAL(pselect)(end, readable, writable, special, timeout, mask), &of);
}

/* ---- epoll ---------------------------------------------------------------------------------- */

/* clang-format off */

RUN_WRAP_USE(int, -1, epoll_wait, (int descriptor, struct epoll_event *events, int room, int timeout), (descriptor, events, room, timeout))
RUN_WRAP_USE(int, -1, epoll_pwait, (int descriptor, struct epoll_event *events, int room, int timeout, const sigset_t *mask), (descriptor, events, room, timeout, mask))
RUN_WRAP_USE(int, -1, epoll_pwait2, (int descriptor, struct epoll_event *events, int room, const struct timespec *timeout, const sigset_t *mask), (descriptor, events, room, timeout, mask))
RUN_WRAP_TWO(int, epoll_ctl, (int in, int operation, int out, struct epoll_event *event), (in, operation, out, event))

/* clang-format on */
