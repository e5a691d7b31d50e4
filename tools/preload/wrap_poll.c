/* Sets of descriptors: poll, select, epoll.
 *
 * poll tells of each descriptor whether it is open, tombstones included, so it is asked first; its
 * sets may be ways to find out what is open.  select fails as a whole if one is closed, but takes a
 * tombstone for open, so the sets are looked through before. */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "site.h"
#include "wrap_use.h"

/* ---- poll ----------------------------------------------------------------------------------- */

/* A set with so many numbers that are closed, and that nobody ever saw open, is a probe. */
enum { PROBES = 3 };

static bool is_refused(const struct pollfd *one)
{
    return one->fd >= 0 && (one->revents & POLLNVAL) != 0;
}

static bool is_probe(const struct pollfd *set, nfds_t count)
{
    unsigned unknown = 0;
    for (nfds_t i = 0; i < count; i++)
        unknown += is_refused(&set[i]) && run_state_of(set[i].fd) == RUN_UNKNOWN;
    return unknown >= PROBES;
}

/* To ask of one descriptor for nothing is to ask whether it is open; loops over the table do so. */
static void enter_series(const struct pollfd *set, nfds_t count)
{
    if (count == 1 && set->fd >= 0 && set->events == 0)
        run_series_step(RUN_PROBING, set->fd, run_site_caller(RUN_CALLER_SITE()),
                        run_state_of(set->fd) == RUN_UNKNOWN);
    else
        run_series_break();
}

static int polled(int result, const struct pollfd *set, nfds_t count, const char *operation)
{
    if (!run_is_on())
        return result;
    enter_series(set, count);
    run_self.last_closed = -1;
    if (result <= 0 || is_probe(set, count))
        return result;
    for (nfds_t i = 0; i < count; i++)
        if (is_refused(&set[i]))
            (void)run_use_in_set(set[i].fd, operation);
    return result;
}

RUN_WRAP(int, poll, (struct pollfd * set, nfds_t count, int timeout))
{
    return polled(RUN_REAL(poll)(set, count, timeout), set, count, "poll");
}

RUN_WRAP(int, ppoll,
         (struct pollfd * set, nfds_t count, const struct timespec *timeout, const sigset_t *mask))
{
    return polled(RUN_REAL(ppoll)(set, count, timeout, mask), set, count, "ppoll");
}

RUN_WRAP(int, __poll_chk, (struct pollfd * set, nfds_t count, int timeout, size_t room))
{
    return polled(RUN_REAL(__poll_chk)(set, count, timeout, room), set, count, "poll");
}

RUN_WRAP(int, __ppoll_chk,
         (struct pollfd * set, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
          size_t room))
{
    return polled(RUN_REAL(__ppoll_chk)(set, count, timeout, mask, room), set, count, "ppoll");
}

/* ---- select --------------------------------------------------------------------------------- */

typedef struct sets {
    int end;
    const fd_set *of[3];
    const char *operation;
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
static bool visit(const sets *of, bool (*is_closed)(int descriptor, const char *operation))
{
    bool found = false;
    for (int word = 0; word * WORD_BITS < of->end; word++)
        for (unsigned long bits = word_in(of, word); bits != 0; bits &= bits - 1)
            found |= is_closed(word * WORD_BITS + __builtin_ctzl(bits), of->operation);
    return found;
}

static bool is_tombstone(int descriptor, const char *operation)
{
    switch (run_state_of(descriptor)) {
    case RUN_TOMB:
    case RUN_LEAVING:
    case RUN_OWN:
        return run_use_in_set(descriptor, operation);
    default:
        return false;
    }
}

/* False: the answer is EBADF. */
static bool select_begins(const sets *of)
{
    if (!run_is_on())
        return true;
    run_series_break();
    run_self.last_closed = -1;
    if (!visit(of, is_tombstone))
        return true;
    errno = EBADF;
    return false;
}

static int selected(int result, const sets *of)
{
    if (result < 0 && errno == EBADF && run_is_on())
        (void)visit(of, run_use_in_set);
    return result;
}

RUN_WRAP(int, select,
         (int end, fd_set *readable, fd_set *writable, fd_set *special, struct timeval *timeout))
{
    sets of = {end, {readable, writable, special}, "select"};
    if (!select_begins(&of))
        return -1;
    return selected(RUN_REAL(select)(end, readable, writable, special, timeout), &of);
}

RUN_WRAP(int, pselect,
         (int end, fd_set *readable, fd_set *writable, fd_set *special,
          const struct timespec *timeout, const sigset_t *mask))
{
    sets of = {end, {readable, writable, special}, "pselect"};
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
