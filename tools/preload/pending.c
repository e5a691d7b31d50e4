/* See pending.h.
 *
 * A thread of which something waits owns one of a few slots, from its first finding until these are
 * told or forgotten.  The slot's owner word says who may read and write the rest:
 *
 *   FREE           nobody; a thread takes it by compare-and-swap
 *   thread number  that thread, which alone adds; whoever makes it TAKEN by compare-and-swap
 *                  instead may tell what is there
 *   TAKEN          whoever made it that, until it is FREE again
 *
 * A thread adds and tells with run_self.inside set, so that no signal handler of its comes in
 * between.  At the end of the process another thread may take the slot while its owner adds: then
 * the count, which is stored last, says what is whole; the rest is lost.  Neither waits. */
#include "pending.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/platform.h"

enum { SLOTS = 64, REPORTS = 4 };

#define FREE  0u
#define TAKEN UINT32_MAX

typedef struct run_pending_slot {
    uint32_t owner;
    uint32_t count;
    hf_report reports[REPORTS];
} slot;

static slot slots[SLOTS];
__thread slot *run_pending_own __attribute__((tls_model("initial-exec")));
static pthread_key_t key;
static bool has_key;

void run_pending_start(void (*ends)(void *))
{
    has_key = pthread_key_create(&key, ends) == 0;
}

/* Acquire: what the one before did to the slot is over.  Partner: the release that made it FREE, or
 * the owner's stores of its count. */
static bool pass_on(slot *of, uint32_t from, uint32_t to)
{
    return __atomic_load_n(&of->owner, __ATOMIC_RELAXED) == from &&
           __atomic_compare_exchange_n(&of->owner, &from, to, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

/* Release: partner is the acquire of whoever takes it next. */
static void give_back(slot *of)
{
    __atomic_store_n(&of->count, 0u, __ATOMIC_RELAXED);
    __atomic_store_n(&of->owner, FREE, __ATOMIC_RELEASE);
}

static slot *take_slot(void)
{
    uint32_t self = hf_os_thread_number();
    if (run_pending_own != NULL &&
        __atomic_load_n(&run_pending_own->owner, __ATOMIC_RELAXED) == self)
        return run_pending_own;
    for (unsigned i = 0; i < SLOTS; i++)
        if (pass_on(&slots[i], FREE, self)) {
            run_pending_own = &slots[i];
            if (has_key) /* among the first keys of the process: does not allocate */
                (void)pthread_setspecific(key, run_pending_own);
            return run_pending_own;
        }
    return NULL;
}

bool run_pending_add(const hf_report *report)
{
    slot *of = take_slot();
    if (of == NULL || of->count == REPORTS)
        return false;
    hf_report *copy = &of->reports[of->count];
    *copy = *report;
    copy->holders = NULL;
    copy->holder_count = 0;
    /* Release: the copy is whole.  Partner: the acquire in tell_slot. */
    __atomic_store_n(&of->count, of->count + 1, __ATOMIC_RELEASE);
    return true;
}

static void tell_slot(slot *of, run_tell_function *tell)
{
    uint32_t count = __atomic_load_n(&of->count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++)
        tell(&of->reports[i]);
    give_back(of);
}

void run_pending_tell(run_tell_function *tell)
{
    slot *of = run_pending_own;
    run_pending_own = NULL;
    if (of != NULL && pass_on(of, hf_os_thread_number(), TAKEN))
        tell_slot(of, tell);
}

void run_pending_drop(void)
{
    slot *of = run_pending_own;
    run_pending_own = NULL;
    if (of != NULL && pass_on(of, hf_os_thread_number(), TAKEN))
        give_back(of);
}

void run_pending_tell_all(run_tell_function *tell)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        uint32_t owner = __atomic_load_n(&slots[i].owner, __ATOMIC_RELAXED);
        if (owner != FREE && owner != TAKEN && pass_on(&slots[i], owner, TAKEN))
            tell_slot(&slots[i], tell);
    }
}

void run_pending_forget(void)
{
    run_pending_own = NULL;
    for (unsigned i = 0; i < SLOTS; i++)
        give_back(&slots[i]);
}
