/* See pending.h.
 *
 * A thread of which something waits owns one of a few slots, from its first finding until these are
 * settled.  The slot's owner word says who may read and write the rest:
 *
 *   FREE           nobody; a thread takes it by compare-and-swap
 *   thread number  that thread, which alone adds; whoever makes it TAKEN by compare-and-swap
 *                  instead may settle what is there
 *   TAKEN          whoever made it that, until it is FREE again
 *
 * A thread adds and settles with run_self.inside set, so that no signal handler of its comes in
 * between.  At the end of the process another thread may take the slot while its owner adds: then
 * the count, which is stored last, says what is whole; the rest still waits in the trace.  Neither
 * waits for the other. */
#include "pending.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/platform.h"

enum { SLOTS = 64, FINDINGS = 4 };

#define FREE  0u
#define TAKEN UINT32_MAX

typedef struct run_pending_slot {
    uint32_t owner;
    uint32_t count;
    uint32_t *waiting[FINDINGS];
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

bool run_pending_add(uint32_t *waiting)
{
    slot *of = take_slot();
    if (of == NULL || of->count == FINDINGS)
        return false;
    of->waiting[of->count] = waiting;
    /* Release: what was stored.  Partner: the acquire in settle_slot. */
    __atomic_store_n(&of->count, of->count + 1, __ATOMIC_RELEASE);
    return true;
}

static void settle_slot(slot *of, run_settle_function *settle)
{
    uint32_t count = __atomic_load_n(&of->count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++)
        settle(of->waiting[i]);
    give_back(of);
}

void run_pending_settle(run_settle_function *settle)
{
    slot *of = run_pending_own;
    run_pending_own = NULL;
    if (of != NULL && pass_on(of, hf_os_thread_number(), TAKEN))
        settle_slot(of, settle);
}

void run_pending_settle_all(run_settle_function *settle)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        uint32_t owner = __atomic_load_n(&slots[i].owner, __ATOMIC_RELAXED);
        if (owner != FREE && owner != TAKEN && pass_on(&slots[i], owner, TAKEN))
            settle_slot(&slots[i], settle);
    }
}

void run_pending_forget(void)
{
    run_pending_own = NULL;
    for (unsigned i = 0; i < SLOTS; i++)
        give_back(&slots[i]);
}
