/* Slots that their opener keeps between two handles.
 *
 * A kept slot is in the state HF_KEPT of the life to come: nobody else takes it, and no handle
 * names it.  It leaves that state by one compare-and-swap, so of two who believe that it is theirs
 * one gets it.
 *
 * The end of a life takes a compare-and-swap as well, to the state of a value that is being
 * released, in which nobody else touches slot or record; then who closed is noted, and the slot
 * becomes KEPT.  All this is one window, so a forked child finds either all of it done or nothing;
 * and because no function runs meanwhile, the thread is not listed as inside of the handle.  Who
 * waits for the release and came too late to set WAITER looks by himself after a while. */
#include "core/kept.h"

#include "core/close.h"
#include "core/cold.h"
#include "core/exit.h"
#include "core/open.h"
#include "core/release.h"
#include "core/signal.h"

/* ---- opening -------------------------------------------------------------------------------- */

/* The type field of the handle to come, by a former one that may be forged: its own, if the type is
 * the same.  0: it cannot be. */
static inline uint32_t next_field(hf_table *table, uint64_t was, const hf_type *type)
{
    uint32_t field = hf_word_type(was);
    const hf_type *former =
        hf_raw_has_cold(was) && field < HF_TYPE_FIELDS_ ? hf_type_of_field(table, field) : NULL;
    if (HF_LIKELY(former == type))
        return field;
    field = former != NULL ? hf_type_field(table, type) : 0;
    return field != 0 ? field | HF_TYPE_COLD : 0;
}

/* Takes the slot of a former handle, if it is kept and fit for the next.  *raw is the new one. */
static inline hf_slot_ *take(hf_table *table, hf_handle former, const hf_type *type, uint64_t *raw)
{
    uint64_t was;
    hf_slot_ *slot = hf_slot_find(table, former, &was);
    uint32_t field = slot != NULL ? next_field(table, was, type) : 0;
    if (field == 0 || __atomic_load_n(&table->phase, __ATOMIC_ACQUIRE) != HF_TABLE_OPEN)
        return NULL;
    uint32_t generation = hf_word_generation(was) + 1;
    uint64_t next = (uint64_t)generation << HF_GENERATION_SHIFT_;
    uint64_t kept = next | HF_KEPT;
    *raw = hf_raw_make(field, generation, hf_raw_index(was));
    /* Acquire: the end of that life.  Partner: the release in end_life. */
    return __atomic_compare_exchange_n(&slot->state, &kept, next, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED)
               ? slot
               : NULL;
}

/* In the caller's window.  A slot is kept only where handles begin counted. */
static inline bool begin_life(hf_table *table, const hf_type *type, hf_value value,
                              const char *label, hf_trace opened, hf_handle *handle)
{
    uint64_t raw;
    hf_slot_ *slot = take(table, *handle, type, &raw);
    if (slot == NULL)
        return false;
    hf_cold_open_plain(table, raw, value, label, opened);
    __atomic_store_n(&slot->value, (uint64_t)value, __ATOMIC_RELAXED);
    /* Release: value and cold record come before.  Partner: the acquire of whoever finds it live.
     */
    __atomic_store_n(&slot->state, raw >> HF_GENERATION_SHIFT_ << HF_GENERATION_SHIFT_ | HF_LIVE_,
                     __ATOMIC_RELEASE);
    hf_open_count(table, hf_local_of(table));
    *handle = hf_handle_of(table, raw);
    return true;
}

static hf_status open_elsewhere(hf_table *table, const hf_type *type, hf_value value,
                                const char *label, hf_handle *handle, hf_site site,
                                const char *operation)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.label = label;
    return hf_open_at(table, type, value, &options, handle, site, operation);
}

HF_HOT hf_status hf_open_again(hf_table *table, const hf_type *type, hf_value value,
                               const char *label, hf_handle *handle, hf_site site,
                               const char *operation)
{
    hf_trace opened = hf_cold_trace(table, site);
    hf_window window = hf_window_begin(HF_WINDOW_BUSY);
    bool begun = begin_life(table, type, value, label, opened, handle);
    hf_window_end(window);
    if (!HF_LIKELY(begun))
        return open_elsewhere(table, type, value, label, handle, site, operation);
    if (hf_cold_is_traced(table) && hf_event_traced(opened))
        hf_tell_opened(table, *handle, operation);
    hf_drain(table, site);
    return HF_OK;
}

/* ---- closing -------------------------------------------------------------------------------- */

/* In the caller's window.  False: it is not as simple as that. */
static inline bool end_life(hf_table *table, hf_handle handle, hf_trace closed)
{
    uint64_t raw;
    hf_slot_ *slot = hf_slot_find(table, handle, &raw);
    uint64_t generation = hf_word_generation(raw);
    if (slot == NULL || !hf_raw_has_cold(raw) || generation == HF_GENERATION_LIMIT)
        return false;
    uint64_t state = __atomic_load_n(&slot->state, __ATOMIC_RELAXED);
    /* Acquire and release: as for any claim, see claim_at_once. */
    if (!hf_state_is_plain(state, raw) ||
        !__atomic_compare_exchange_n(&slot->state, &state, hf_state_claimed(state), false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return false;
    hf_local *local = hf_local_of(table);
    hf_count_up(table, local, &local->closed);
    (void)hf_cold_close(table, raw, closed);
    /* Release: the end of this life comes before the next one's begin.  Partners: hf_state_load,
     * take. */
    __atomic_store_n(&slot->state, (generation + 1) << HF_GENERATION_SHIFT_ | HF_KEPT,
                     __ATOMIC_RELEASE);
    return true;
}

/* Not where a handler has interrupted something half-done, and not once the process exits. */
static inline bool may_end(void)
{
    return (hf_defer_word() | hf_exit_word()) == 0;
}

HF_HOT hf_status hf_close_keeping(hf_table *table, hf_handle handle, hf_site site,
                                  const char *operation)
{
    if (!may_end())
        return hf_close_at(table, handle, NULL, site, operation);
    hf_trace closed = hf_cold_trace(table, site);
    hf_window window = hf_window_begin(HF_WINDOW_BUSY);
    bool ended = end_life(table, handle, closed);
    hf_window_end(window);
    if (!HF_LIKELY(ended))
        return hf_close_at(table, handle, NULL, site, operation);
    if (hf_cold_is_traced(table))
        hf_tell_closed(handle, closed, operation);
    hf_drain(table, site);
    return HF_OK;
}
