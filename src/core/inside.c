/* Being inside a handle: the seldom halves, and waiting for the end of it.
 *
 * A waiter who comes when the value is claimed already cannot set WAITER: the word belongs to the
 * one who releases, and that one must not pay for a look at it when he frees the slot.  But he
 * looks at the place in his record where he wrote the handle, to see that it is still there.  So
 * the waiter takes the handle's mark away in that place, and hf_inside_end, finding another word
 * than the handle, comes to its slow half, which wakes.
 *
 * Why the wake-up is not missed: the waiter changes the place, passes the barrier, and looks at the
 * state; the releaser frees the slot and then looks at the place.  The barrier makes the releaser
 * pass a fence at some point: if that is before he frees the slot, he sees the changed place; if
 * after, the waiter sees the slot free.  (That holds too if the releaser's last store to the place
 * overwrites the waiter's: his look came before, and so did the slot's end.)  Where the barrier is
 * but a fence, and where the releaser has no place, a wake-up may be missed, and the waiter looks
 * by himself. */
#include "core/record.h"
#include "core/wait.h"

void hf_inside_begin_slow(uint64_t handle)
{
    if (hf_record_current() != 0 && hf_this_thread.inside < HF_INSIDE_PER_THREAD) {
        hf_inside_begin(handle);
        return;
    }
    hf_this_thread.inside++;
    hf_this_thread.unlisted++;
}

/* The end of one that is awaited, or whose begin found no room, or (the handle is another) that had
 * no begin at all. */
void hf_inside_end_slow(uint64_t handle)
{
    uint32_t last = hf_this_thread.inside - 1;
    bool listed = hf_this_thread.record != 0 && last < HF_INSIDE_PER_THREAD;
    uint64_t *place = &hf_records[hf_this_thread.record].inside[last % HF_INSIDE_PER_THREAD];
    uint64_t word = listed ? __atomic_load_n(place, __ATOMIC_RELAXED) : 0;
    if (listed && word == (handle ^ HF_HANDLE_MARK_)) {
        __atomic_store_n(place, UINT64_C(0), __ATOMIC_RELEASE);
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        hf_this_thread.inside = last;
        hf_wake_waiters((hf_handle){handle});
        return;
    }
    if (hf_this_thread.inside == 0 || word != 0)
        return;
    hf_this_thread.inside = last;
    hf_this_thread.unlisted--;
}

static void await_in(hf_record *record, uint64_t handle)
{
    for (uint32_t i = 0; i < HF_INSIDE_PER_THREAD; i++) {
        uint64_t word = handle;
        /* Fails where the place holds another handle, or is marked already. */
        (void)__atomic_compare_exchange_n(&record->inside[i], &word, handle ^ HF_HANDLE_MARK_,
                                          false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
}

void hf_inside_await(uint64_t handle)
{
    /* Whoever has seen the claim sees the place.  Partner: the compare-and-swap of the claim. */
    hf_acquire_fence();
    for (uint32_t number = 1; number <= hf_record_peak(); number++)
        if (hf_record_is_taken(number))
            await_in(hf_record_at(number), handle);
    /* Partner: hf_inside_end. */
    hf_record_barrier();
}
