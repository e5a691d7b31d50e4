/* Deferred releases.  A handler that is the last to leave a closed handle neither claims nor
 * releases it: it notes the handle in a small list of the table, and whoever next calls the library
 * for that table, on any thread, looks whether it can be claimed.  When the list is full, the next
 * call looks at every slot instead. */
#include "core/signal.h"

#include "core/release.h"

enum { SOME = 1, SWEEP = 2 };

void hf_signal_begin(void)
{
    hf_this_thread.signal_depth++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void hf_signal_end(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (hf_this_thread.signal_depth != 0)
        hf_this_thread.signal_depth--;
}

void hf_defer(hf_table *table, hf_handle handle)
{
    uint32_t mark = SWEEP;
    for (uint32_t i = 0; i < HF_DEFERRED_SLOTS && mark == SWEEP; i++) {
        uint64_t none = 0;
        if (__atomic_compare_exchange_n(&table->deferred[i], &none, handle.bits, false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            mark = SOME;
    }
    /* Release: the list comes before the mark.  Partner: the acquire in hf_settle_deferred. */
    (void)__atomic_fetch_or(&table->deferred_any, mark, __ATOMIC_RELEASE);
}

void hf_defer_all(hf_table *table)
{
    (void)__atomic_fetch_or(&table->deferred_any, SWEEP, __ATOMIC_RELEASE);
}

static void settle_handle(hf_table *table, hf_handle handle, hf_site site)
{
    hf_subject subject;
    if (hf_subject_find(table, handle, &subject)) {
        hf_full_fence(); /* as a leaver: partner is the closer's fence after SEALED */
        hf_settle(&subject, site);
    }
}

static void sweep(hf_table *table, hf_site site)
{
    uint64_t end = __atomic_load_n(&table->bag.fresh, __ATOMIC_RELAXED);
    for (uint32_t index = 1; index < end; index++) {
        uint64_t state = hf_state_load(hf_slot_at(table, index));
        if (hf_state_is_claimable(state))
            settle_handle(table, hf_handle_of(table, hf_raw_of_state(state, index)), site);
    }
}

void hf_settle_deferred(hf_table *table, hf_site site)
{
    if (hf_must_defer())
        return;
    /* Acquire: partner is the release in hf_defer. */
    uint32_t marks = __atomic_exchange_n(&table->deferred_any, 0, __ATOMIC_ACQ_REL);
    for (uint32_t i = 0; i < HF_DEFERRED_SLOTS; i++) {
        uint64_t handle = __atomic_exchange_n(&table->deferred[i], 0, __ATOMIC_ACQ_REL);
        if (handle != 0)
            settle_handle(table, (hf_handle){handle}, site);
    }
    if ((marks & SWEEP) != 0)
        sweep(table, site);
}
