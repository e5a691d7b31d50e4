/* The quarantine: a ring of numbers that tombstones hold, and their eviction in batches.
 *
 * Who puts a number takes a ticket and stores it at the ticket's place.  Who finds the ring fuller
 * than it should be claims the oldest places, by moving `head` on, and exchanges each for 0: so
 * each number is taken out by one thread.  A place whose putter has not stored yet is passed over;
 * its number is taken out by whoever gets the place next, a round later, or when all are emptied.
 * A thread stopped anywhere blocks nobody.
 *
 * Whether a number that was taken out is still a tombstone, its word tells: TOMB -> LEAVING by one
 * compare-and-swap (see numbers.c).  Between that and LEAVING -> FREE, signals are blocked, because
 * a handler's dup2 onto such a number would wait for this very thread.
 *
 * Numbers leave in batches, and where they follow each other by one close_range: a loop of open and
 * close then costs a fraction of a system call more.
 *
 * While the process has one thread, nobody else changes or sees a place or a word between two
 * instructions of whoever has signals blocked; so a batch is taken out by plain loads and stores
 * then, which is four locked instructions a number less, and a number is FREE at once, without
 * having been LEAVING.  A place that is being filled is, signals or not, its ticket's alone. */
#include "quarantine.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>

#include "kernel.h"
#include "numbers.h"
#include "platform/platform.h"
#include "self.h"
#include "tombstone.h"

enum {
    RING = 4096, /* places: a power of two, more than twice what may be kept */
    KEPT_MAX = 1024,
    BATCH = 64,
    SEEN_MAX = 960, /* numbers from here on come near to what select() can take */
    SMALL_LIMIT = 64,
    PATIENCE = 1000
};

uint32_t run_quarantine_high = SEEN_MAX;

static uint32_t ring[RING]; /* number + 1, or 0 */
static uint32_t tail;       /* the next ticket */
static uint32_t head;       /* the oldest ticket that was not claimed */
static uint32_t kept;       /* how many are to be kept; 0: switched off */
static uint32_t evicting;   /* threads that have LEAVING numbers */
static bool watched; /* ThreadSanitizer stands behind, and is to see each close: else the number's
                        next life would race with this one for it */

/* ---- taking out ----------------------------------------------------------------------------- */

typedef struct batch {
    uint32_t count;
    bool alone; /* the process has no other thread, and this one has its signals blocked */
    uint32_t numbers[BATCH];
    uint32_t words[BATCH]; /* as they were: TOMB */
} batch;

/* Takes a tombstone out of the record of its number, whose word was `word` a moment ago. */
static inline bool take_tomb(bool alone, run_number *number, uint32_t word)
{
    if (run_word_state(word) != RUN_TOMB)
        return false;
    if (!alone)
        return run_word_move(number, word, RUN_LEAVING);
    __atomic_store_n(&number->word, run_word_with(word, RUN_FREE), __ATOMIC_RELEASE);
    return true;
}

/* Puts a number into the batch, which is kept in order. */
HF_HOT static void add(batch *to, uint32_t number)
{
    run_number *record = &run_numbers[number];
    uint32_t word = run_word_of(record);
    if (!take_tomb(to->alone, record, word))
        return; /* it has got another life */
    uint32_t at = to->count++;
    for (; at > 0 && to->numbers[at - 1] > number; at--) {
        to->numbers[at] = to->numbers[at - 1];
        to->words[at] = to->words[at - 1];
    }
    to->numbers[at] = number;
    to->words[at] = word;
}

static void close_neighbours(uint32_t first, uint32_t last)
{
    if (last > first && run_kernel_close_range(first, last) == 0)
        return;
    for (uint32_t number = first; number <= last; number++)
        (void)run_kernel_close((int)number);
}

static void close_batch(const batch *of)
{
    uint32_t first = 0;
    for (uint32_t i = 1; i <= of->count; i++) {
        if (i < of->count && of->numbers[i] == of->numbers[i - 1] + 1)
            continue;
        close_neighbours(of->numbers[first], of->numbers[i - 1]);
        first = i;
    }
    for (uint32_t i = 0; i < of->count && !of->alone; i++)
        (void)run_word_move(&run_numbers[of->numbers[i]], run_word_with(of->words[i], RUN_LEAVING),
                            RUN_FREE);
}

/* What was at a place, which has something else now. */
static inline uint32_t exchange(uint32_t *place, uint32_t entry, bool alone)
{
    if (!alone)
        return __atomic_exchange_n(place, entry, __ATOMIC_ACQ_REL);
    uint32_t old = __atomic_load_n(place, __ATOMIC_RELAXED);
    __atomic_store_n(place, entry, __ATOMIC_RELAXED);
    return old;
}

/* Takes out the number at a place, if there is one. */
static void take_place(batch *to, uint32_t ticket)
{
    uint32_t entry = exchange(&ring[ticket % RING], 0, to->alone);
    if (entry != 0)
        add(to, entry - 1);
}

/* Claims up to `most` of the oldest tickets; answers how many. */
static uint32_t claim(uint32_t keep, uint32_t most, uint32_t *first)
{
    uint32_t from = __atomic_load_n(&head, __ATOMIC_RELAXED);
    uint32_t count;
    do {
        uint32_t filled = __atomic_load_n(&tail, __ATOMIC_RELAXED) - from;
        /* Another thread's claim may be newer than our look at the tail: then nothing is left. */
        count = filled <= keep || filled > RING ? 0 : filled - keep;
        count = count < most ? count : most;
    } while (count != 0 && !__atomic_compare_exchange_n(&head, &from, from + count, true,
                                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    *first = from;
    return count;
}

/* Brackets the time from the first number marked LEAVING until the last is FREE. */
typedef struct removal {
    batch out;
    sigset_t signals;
    int error;
} removal;

static void begin_removal(removal *of)
{
    sigset_t all;
    of->out.count = 0;
    of->error = errno;
    run_self.inside++;
    (void)sigfillset(&all);
    of->out.alone = pthread_sigmask(SIG_BLOCK, &all, &of->signals) == 0 && run_is_alone();
    (void)__atomic_fetch_add(&evicting, 1, __ATOMIC_RELAXED);
}

/* The kernel gives away the least number first. */
static inline void foretell(const batch *of)
{
    for (uint32_t i = 1; i < of->count; i++)
        __atomic_store_n(&run_numbers[of->numbers[i - 1]].soon, (int32_t)of->numbers[i],
                         __ATOMIC_RELAXED);
}

HF_HOT static void end_removal(removal *of)
{
    close_batch(&of->out);
    foretell(&of->out);
    /* Release: what was LEAVING is FREE.  Partner: the look in a forked child. */
    (void)__atomic_fetch_sub(&evicting, 1, __ATOMIC_RELEASE);
    (void)pthread_sigmask(SIG_SETMASK, &of->signals, NULL);
    run_self.inside--;
    errno = of->error;
}

HF_HOT static bool evict(uint32_t keep)
{
    removal of;
    uint32_t first;
    uint32_t count = claim(keep, BATCH, &first);
    if (count == 0)
        return false;
    begin_removal(&of);
    for (uint32_t i = 0; i < count; i++)
        take_place(&of.out, first + i);
    end_removal(&of);
    return true;
}

static void remove_one(uint32_t number)
{
    removal of;
    begin_removal(&of);
    add(&of.out, number);
    end_removal(&of);
}

static bool is_any_taken(uint32_t first)
{
    for (uint32_t i = 0; i < BATCH; i++)
        if (__atomic_load_n(&ring[first + i], __ATOMIC_RELAXED) != 0)
            return true;
    return false;
}

/* What was passed over lies before the head. */
static void sweep(void)
{
    for (uint32_t first = 0; first < RING; first += BATCH) {
        removal of;
        if (!is_any_taken(first))
            continue;
        begin_removal(&of);
        for (uint32_t i = 0; i < BATCH; i++)
            take_place(&of.out, first + i);
        end_removal(&of);
    }
}

void run_quarantine_empty(void)
{
    while (evict(0)) {
    }
    sweep();
}

/* ---- how many -------------------------------------------------------------------------------- */

static rlim_t soft_limit(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

void run_quarantine_resize(void)
{
    rlim_t limit = soft_limit();
    uint32_t wanted = run_is_confined() ? 0 : run_this_process.settings[RUN_QUARANTINE];
    uint32_t room = limit < SMALL_LIMIT     ? 0
                    : limit >= 4 * KEPT_MAX ? KEPT_MAX
                                            : (uint32_t)limit / 4;
    uint32_t most = limit >= 1024 ? SEEN_MAX : (uint32_t)(limit - limit / 16);
    __atomic_store_n(&kept, wanted < room ? wanted : room, __ATOMIC_RELAXED);
    __atomic_store_n(&run_quarantine_high, most, __ATOMIC_RELAXED);
    while (evict(__atomic_load_n(&kept, __ATOMIC_RELAXED))) {
    }
}

void run_quarantine_start(void)
{
    watched = run_find_real("__tsan_init") != NULL;
    run_quarantine_resize();
    if (__atomic_load_n(&kept, __ATOMIC_RELAXED) != 0)
        (void)run_tombstone_make_source();
}

void run_quarantine_stop(void)
{
    __atomic_store_n(&kept, 0u, __ATOMIC_RELAXED);
    run_quarantine_empty();
}

/* ---- putting in ----------------------------------------------------------------------------- */

/* Its ticket.  Alone, nobody else takes one between two instructions: a signal handler's close
 * leaves the quarantine alone while this thread is inside the library. */
static inline uint32_t take_ticket(bool alone)
{
    if (!alone)
        return __atomic_fetch_add(&tail, 1, __ATOMIC_RELAXED);
    uint32_t ticket = __atomic_load_n(&tail, __ATOMIC_RELAXED);
    __atomic_store_n(&tail, ticket + 1, __ATOMIC_RELAXED);
    return ticket;
}

static inline void enlist(int descriptor, bool alone)
{
    uint32_t keep = __atomic_load_n(&kept, __ATOMIC_RELAXED);
    uint32_t ticket = take_ticket(alone);
    uint32_t old = exchange(&ring[ticket % RING], (uint32_t)descriptor + 1, alone);
    if (__builtin_expect(old != 0, 0)) /* left there a round ago */
        remove_one(old - 1);
    uint32_t filled = ticket + 1 - __atomic_load_n(&head, __ATOMIC_RELAXED);
    if (__builtin_expect(filled >= keep + (keep < BATCH ? keep / 2 + 1 : BATCH), 0) &&
        filled <= RING)
        (void)evict(keep);
}

static inline bool is_wanted(int descriptor)
{
    return descriptor > 2 && __atomic_load_n(&kept, __ATOMIC_RELAXED) != 0;
}

bool run_quarantine_put(int descriptor, uint32_t word)
{
    run_number *number = run_number_of(descriptor);
    if (__atomic_load_n(&number->tells, __ATOMIC_RELAXED) != 0 || watched ||
        !is_wanted(descriptor) || !run_tombstone_replace(descriptor))
        return false;
    if (run_word_move(number, word, RUN_TOMB))
        enlist(descriptor, false);
    return true;
}

/* Where nobody else moves a word; but a signal handler may have moved this one before. */
static inline bool move_alone(run_number *number, uint32_t word, run_number_state to)
{
    bool same = run_word_of(number) == word;
    if (HF_LIKELY(same))
        __atomic_store_n(&number->word, run_word_with(word, to), __ATOMIC_RELEASE);
    return same;
}

/* Puts a tombstone onto a number that was closed, if it is free still. */
static inline void put_after(int descriptor, run_number *number, uint32_t word, bool alone)
{
    int got = is_wanted(descriptor) ? run_tombstone_fill(descriptor) : -1;
    run_number_state to = got == descriptor ? RUN_TOMB : RUN_FREE;
    bool moved = alone ? move_alone(number, word, to) : run_word_move(number, word, to);
    if (HF_LIKELY(moved && got == descriptor))
        enlist(descriptor, alone);
    else if (got >= 0)
        (void)run_kernel_close(got);
}

void run_quarantine_put_closed(int descriptor, uint32_t word)
{
    int *error = &errno;
    int saved = *error;
    put_after(descriptor, run_number_of(descriptor), word, true);
    *error = saved;
}

static void put_if_free(int descriptor)
{
    run_number *number = run_number_of(descriptor);
    uint32_t word = number != NULL ? run_word_of(number) : RUN_UNKNOWN;
    int saved = errno;
    if (run_word_state(word) == RUN_FREE)
        put_after(descriptor, number, word, false);
    errno = saved;
}

void run_quarantine_put_if_free(int descriptor)
{
    if (!run_is_on())
        return;
    run_self.inside++;
    put_if_free(descriptor);
    run_self.inside--;
}

void run_quarantine_put_watched(int descriptor)
{
    if (watched)
        put_if_free(descriptor);
}

/* ---- giving way ----------------------------------------------------------------------------- */

bool run_quarantine_take(int descriptor)
{
    run_number *number = run_number_of(descriptor);
    for (unsigned i = 0; i < PATIENCE; i++) {
        uint32_t word = run_word_of(number);
        if (run_word_state(word) == RUN_TOMB && run_word_move(number, word, RUN_FREE))
            return true;
        if (run_word_state(word) != RUN_LEAVING)
            return false;
        (void)sched_yield(); /* another thread is removing it */
    }
    return false;
}

void run_quarantine_free(int descriptor)
{
    if (run_state_of(descriptor) == RUN_TOMB)
        remove_one((uint32_t)descriptor);
}

static bool is_empty(void)
{
    return __atomic_load_n(&tail, __ATOMIC_RELAXED) == __atomic_load_n(&head, __ATOMIC_RELAXED);
}

bool run_quarantine_made_room(void)
{
    int saved = errno;
    if ((saved != EMFILE && saved != ENFILE) || !run_has_numbers())
        return false;
    run_self.inside++;
    bool made = !is_empty();
    if (made)
        run_quarantine_empty();
    else
        made = run_tombstone_give_source();
    run_self.inside--;
    errno = saved;
    return made;
}

void run_quarantine_seen_high(void)
{
    if (!is_empty())
        run_quarantine_empty();
}

/* Numbers that another thread was removing: it is not in the child. */
void run_quarantine_forked(void)
{
    /* Acquire: partner is the release in end_removal. */
    if (__atomic_exchange_n(&evicting, 0u, __ATOMIC_ACQUIRE) == 0)
        return;
    uint32_t limit = __atomic_load_n(&run_number_limit, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < limit; i++) {
        uint32_t word = run_word_of(&run_numbers[i]);
        if (run_word_state(word) == RUN_LEAVING) {
            (void)run_kernel_close((int)i);
            (void)run_word_move(&run_numbers[i], word, RUN_FREE);
        }
    }
}
