/* The plain end of a life: of a handle without a cold record, or with one that tells nothing but
 * who opened and closed it.  It is owned, in no namespace, and without identity, parent or group.
 * Inline, so that closing has its subject in registers; what is not inline is therefore given the
 * table and the raw handle, not the subject's address. */
#ifndef HF_CORE_FINISH_H
#define HF_CORE_FINISH_H

#include "core/bag.h"
#include "core/release.h"

HF_COLD void hf_report_failed_release(hf_table *table, uint64_t raw, int32_t error, hf_site site);

static HF_ALWAYS_INLINE_ hf_close_result hf_call_release(const hf_subject *subject,
                                                         const hf_type *type, hf_value value,
                                                         hf_site site)
{
    int32_t error = 0; /* alone: a result in memory was copied by words that no store had written */
    hf_outcome outcome = type->release(value, type->context, &error);
    if (outcome == HF_OUTCOME_NOT_RELEASED)
        hf_report_failed_release(subject->table, subject->raw, error, site);
    return (hf_close_result){.outcome = outcome, .error = error};
}

/* In a forked child, the value of a type that is poisoned there: the parent's alone. */
static HF_ALWAYS_INLINE_ bool hf_is_poisoned_here(const hf_subject *subject, const hf_type *type)
{
    return __builtin_expect(type->fork == HF_FORK_POISON, 0) &&
           hf_state_is_poisoned(__atomic_load_n(&subject->slot->state, __ATOMIC_RELAXED));
}

static HF_ALWAYS_INLINE_ hf_close_result hf_release_plain(const hf_subject *subject, hf_site site)
{
    const hf_type *type = hf_type_of(subject->table, subject->raw);
    hf_value value = (hf_value)__atomic_load_n(&subject->slot->value, __ATOMIC_RELAXED);
    int error = hf_os_error();
    if (hf_is_poisoned_here(subject, type))
        return (hf_close_result){.outcome = HF_OUTCOME_NOT_OWNED};
    hf_close_result result = hf_call_release(subject, type, value, site);
    hf_os_set_error(error);
    return result;
}

/* Poisons the slot and the record of a life that has ended. */
HF_COLD void hf_hide_life(const hf_table *table, uint64_t raw);

/* Ends the life and gives the slot to the bag. */
static HF_ALWAYS_INLINE_ void hf_free_state(const hf_subject *subject)
{
    hf_table *table = subject->table;
    hf_local *local = hf_local_of(table);
    uint64_t generation = hf_word_generation(subject->raw);
    hf_count_up(table, local, &local->closed);
    if (hf_poisons())
        hf_hide_life(table, subject->raw);
    if (generation == HF_GENERATION_LIMIT) {
        hf_count_up(table, local, &local->retired);
        __atomic_store_n(&subject->slot->state, generation << HF_GENERATION_SHIFT_ | HF_RELEASED,
                         __ATOMIC_RELEASE);
        return;
    }
    /* Release: the end of this life comes before the next one's begin.  Partner: hf_state_load. */
    __atomic_store_n(&subject->slot->state, (generation + 1) << HF_GENERATION_SHIFT_,
                     __ATOMIC_RELEASE);
    hf_bag_give(table, local, hf_raw_index(subject->raw));
}

static HF_ALWAYS_INLINE_ void hf_recycle_here(const hf_subject *subject)
{
    hf_window window = hf_window_begin(HF_WINDOW_BUSY);
    hf_free_state(subject);
    hf_inside_end(subject->handle.bits);
    hf_window_end(window);
}

static HF_ALWAYS_INLINE_ void hf_finish_plain(const hf_subject *subject, hf_close_result *result,
                                              hf_site site)
{
    hf_close_result done = hf_release_plain(subject, site);
    if (result != NULL)
        *result = done;
    hf_recycle_here(subject);
}

#endif
