/* The exit latch, and what is flushed when it is set.
 *
 * Whoever sets the latch sweeps, once, all tables that hold a type with HF_TYPE_FLUSH_AT_EXIT.
 * Other threads may go on meanwhile, and may have stopped for ever anywhere.  So the sweep takes no
 * lock and waits for nobody; it changes states by the same compare-and-swaps as all others do.
 *
 * (1) Exactly one releases.  An open handle is won as a detacher wins it (detach.c), a closing one
 *     as its last holder would (release.c); of the sweep, a closer that began before the latch, and
 *     a detacher, one wins the compare-and-swap that sets RELEASED.
 * (2) Never while it is held.  Both ways want count 0 and, for a handle that was ever hot, a scan
 *     after a barrier.  Where a closer has not passed its own barrier yet, the sweep's, which began
 *     after CLOSED was seen, does as well, and so the sweep may set SEALED for him.
 * (3) What is held stays as it was: an open handle remains open, for threads that still run.
 * (4) A handle that was swept keeps its slot, as one that is being released for ever.  Later uses
 *     find it closing, which is no finding: nobody did anything wrong.
 *
 * No function of the user runs while a handle is between two states: handles are won in batches,
 * with one barrier for each, and released after that. */
#include "core/exit.h"

#include <holdfast/process.h>

#include "core/detach.h"
#include "core/refuse.h"
#include "core/registry.h"
#include "core/wait.h"

enum { BATCH = 64 };

struct hf_exit_latch hf_exit_latch;

hf_status hf_exit_refuse_slow(hf_table *table)
{
    return table != NULL && hf_table_is_usable(table) ? hf_fail(table, HF_E_EXITING)
                                                      : HF_E_INVALID_ARGUMENT;
}

bool hf_is_exiting(void)
{
    return hf_exiting();
}

/* ---- what is to be swept -------------------------------------------------------------------- */

typedef struct sweep {
    const char *operation;
    hf_site site;
} sweep;

/* A handle that is to be won, or was. */
typedef struct candidate {
    hf_subject subject;
    uint64_t before; /* the state that it was found in */
    bool won;
} candidate;

/* Other types are not even looked at: at exit, what held them may be unloaded. */
static uint32_t flushed_types(const hf_table *table)
{
    return __atomic_load_n(&table->flushed_types, __ATOMIC_RELAXED);
}

static bool is_flushed(const hf_subject *subject)
{
    return (flushed_types(subject->table) >> hf_word_type(subject->raw) / 2 & 1) != 0;
}

/* Open, or closed and not released; not reserved, nor being detached, released or committed. */
static bool has_value(uint64_t state)
{
    return (state & HF_RELEASED) == 0 && (state & (HF_LIVE_ | HF_CLOSED)) != 0;
}

static bool is_due(const hf_subject *subject)
{
    uint64_t state = hf_state_load(subject->slot);
    return hf_state_is_life_of(state, subject->raw) && has_value(state) && is_flushed(subject) &&
           !hf_cold_is_borrowed(subject->table, subject->raw);
}

/* The handle that is due in a slot; false: none is. */
static bool find_due(hf_table *table, uint32_t index, hf_subject *out)
{
    uint64_t state;
    uint64_t raw = hf_raw_at(table, index, &state);
    *out = hf_subject_of(table, raw);
    return raw != 0 && is_due(out);
}

/* ---- winning -------------------------------------------------------------------------------- */

/* First step; false: somebody holds it, or it is not to be released at all. */
static bool begin(candidate *of)
{
    const hf_subject *subject = &of->subject;
    if (hf_type_of(subject->table, subject->raw)->release_at_exit == NULL || hf_must_defer())
        return false;
    of->before = hf_state_load(subject->slot);
    if ((of->before & HF_CLOSED) != 0)
        return hf_state_is_life_of(of->before, subject->raw) && hf_state_count(of->before) == 0;
    return hf_detach_begin(subject, &of->before) == HF_OK;
}

/* Point (2): the barrier is passed. */
static void seal(const hf_subject *subject)
{
    uint64_t state = hf_state_load(subject->slot);
    while (hf_state_is_life_of(state, subject->raw) && has_value(state) &&
           (state & (HF_CLOSED | HF_SEALED)) == HF_CLOSED) {
        if (__atomic_compare_exchange_n(&subject->slot->state, &state, state | HF_SEALED, true,
                                        __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
            return;
        /* Somebody entered or left by count, or the closer has sealed it: look again. */
    }
}

static bool win(const candidate *of)
{
    if ((of->before & HF_CLOSED) == 0)
        return hf_detach_end(&of->subject, of->before) == HF_OK;
    seal(&of->subject);
    hf_full_fence(); /* after SEALED, before the scan.  Partner: the leavers' fence */
    return hf_claim(&of->subject, true);
}

/* Second step, for all that have begun. */
static void win_all(candidate *list, uint32_t count)
{
    bool hot = false;
    for (uint32_t i = 0; i < count; i++)
        hot |= hf_state_was_hot(list[i].before);
    if (hot)
        hf_record_barrier();
    for (uint32_t i = 0; i < count; i++)
        list[i].won = win(&list[i]);
}

/* ---- releasing ------------------------------------------------------------------------------ */

static bool win_one(const hf_subject *subject)
{
    candidate only = {.subject = *subject};
    if (!is_due(subject) || !begin(&only))
        return false;
    win_all(&only, 1);
    return only.won;
}

/* Gives a value back that was won; false: it was not to be. */
static bool release_value(const hf_subject *subject, const sweep *how)
{
    hf_close_result result = hf_release_at_exit(subject, how->site);
    hf_event event = {.kind = HF_REPORT_LOST_AT_EXIT,
                      .operation = how->operation,
                      .table_name = subject->table->name,
                      .subject = hf_cold_party(subject->table, subject->raw),
                      .error = result.error};
    event.subject.value = (hf_value)__atomic_load_n(&subject->slot->value, __ATOMIC_RELAXED);
    if (result.outcome == HF_OUTCOME_NOT_RELEASED ||
        result.outcome == HF_OUTCOME_RELEASED_WITH_ERROR) /* there is nobody else to tell it to */
        hf_find(subject->table, &event, how->site);
    return result.outcome != HF_OUTCOME_NOT_RELEASED;
}

/* And then each parent that nothing else holds. */
static void release(const hf_subject *won, const sweep *how)
{
    hf_subject current = *won;
    hf_handle parent;
    do {
        parent = hf_cold_parent(current.table, current.raw);
    } while (release_value(&current, how) && hf_drop_parent(current.table, parent, &current) &&
             win_one(&current));
}

static void release_all(candidate *list, uint32_t count, const sweep *how)
{
    win_all(list, count);
    for (uint32_t i = 0; i < count; i++)
        if (list[i].won)
            release(&list[i].subject, how);
}

/* ---- sweeping ------------------------------------------------------------------------------- */

static void sweep_table(hf_table *table, const sweep *how)
{
    candidate list[BATCH];
    uint32_t count = 0;
    for (uint32_t index = 1; index < hf_slots_end(table); index++) {
        if (find_due(table, index, &list[count].subject) && begin(&list[count]))
            count++;
        if (count == BATCH) {
            release_all(list, count, how);
            count = 0;
        }
    }
    release_all(list, count, how);
}

/* What is left is held, or has no function that could release it. */
static void report_lost(hf_table *table, const sweep *how)
{
    hf_subject subject;
    for (uint32_t index = 1; index < hf_slots_end(table); index++)
        if (find_due(table, index, &subject))
            hf_report_holders(&subject, HF_REPORT_LOST_AT_EXIT, how->operation, how->site);
}

static void for_each_table(void (*step)(hf_table *table, const sweep *how), const sweep *how)
{
    hf_table *table;
    for (uint32_t number = 0; (table = hf_registry_at(number)) != NULL; number++)
        if (hf_table_is_usable(table) && flushed_types(table) != 0)
            step(table, how);
}

/* ---- the latch ------------------------------------------------------------------------------ */

static void set_latch(const char *operation, hf_site site)
{
    const sweep how = {.operation = operation, .site = site};
    /* Release: partner is the acquire in hf_wait_released, of a waiter who is woken. */
    if (__atomic_exchange_n(&hf_exit_latch.set, 1, __ATOMIC_SEQ_CST) != 0)
        return;
    hf_event_exit();
    hf_wake_everybody();
    for_each_table(sweep_table, &how);
    for_each_table(report_lost, &how);
}

void hf_process_exiting(void)
{
    int error = hf_os_error();
    set_latch("hf_process_exiting", HF_SITE());
    hf_os_set_error(error);
}

static void at_exit(void)
{
    set_latch("exit", HF_SITE());
}

bool hf_exit_watch(void)
{
    static uint32_t watches;
    /* Marked before it is done: the C library takes a lock for it, and whoever stops inside must
     * not stop the others, who go on unwatched for that moment. */
    if (__atomic_load_n(&watches, __ATOMIC_RELAXED) != 0 ||
        __atomic_exchange_n(&watches, 1u, __ATOMIC_RELAXED) != 0)
        return true;
    if (hf_os_at_exit(at_exit))
        return true;
    __atomic_store_n(&watches, 0u, __ATOMIC_RELAXED);
    return false;
}
