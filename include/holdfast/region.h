/* Regions and references: the only places where a raw value may be touched.
 *
 *     hf_region region;
 *     if (hf_enter(table, handle, &hf_type_fd, &region) == HF_OK) {
 *         read(hf_value_fd(region.value), buffer, size);   // cannot be closed or recycled here
 *         hf_leave(&region);
 *     }
 *
 * A *region* is scoped and belongs to its thread.  It is the fast one: on a hot handle it writes no
 * shared memory.  A *reference* is counted; it may outlive a scope and be released by another
 * thread (SafeHandle's DangerousAddRef and DangerousRelease).
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_REGION_H
#define HOLDFAST_REGION_H

#include <holdfast/detail/word.h>
#include <holdfast/table.h>

HF_BEGIN_DECLS

/* One stay in a region.  Read `value`; the rest is the library's.  Not to be copied.  A zeroed one
 * has ended. */
typedef struct hf_region {
    hf_value value;
    hf_table *table_;
    hf_slot_ *slot_; /* its slot */
    uint64_t state_; /* a state of the slot that has the handle's tag */
    uint64_t place_; /* where it is protected: HF_FIRST_PLACE_, odd, in the thread's first hazard
                        slot; any other place is even; 0: it has ended */
} hf_region;

/* One reference.  Read `value`; the rest is the library's.  Move it, do not copy it. */
typedef struct hf_ref {
    hf_value value;
    hf_table *table_;
    uint64_t handle_; /* 0: it has ended */
    uint64_t stack_;
} hf_ref;

/* clang-format off */
#define HF_REGION_INIT {0, NULL, NULL, 0, 0}
#define HF_REF_INIT    {0, NULL, 0, 0}
/* clang-format on */

/* Enters a region: until hf_leave, out->value is valid, and is neither released nor recycled.
 * `type` may be NULL: any.  Regions nest and may be left in any order; a thread's
 * record lists its 8 hazard regions and 64 counted ones, and what lies beyond is neither left when
 * the thread ends nor named in reports, and makes the thread's waits POSSIBLE_DEADLOCK.  On failure
 * *out is an ended region. Takes no lock, never waits; allocates nothing but, in a thread's first
 * region, its record.  One that is refused may report, and may release a value whose last holder it
 * seemed to be for a moment.  A signal handler may enter and leave on a thread that has entered a
 * region before; see hf_signal_begin. Errors: INVALID_ARGUMENT, NULL_HANDLE, FOREIGN_HANDLE,
 * FORGED_HANDLE, STALE_HANDLE, NOT_COMMITTED, WRONG_TYPE, CLOSING, TOO_MANY_REFERENCES. */
#if HF_INLINE_REGIONS && !defined(HF_TWINS_)
HF_NODISCARD HF_API HF_ALWAYS_INLINE_ hf_status hf_enter(hf_table *table, hf_handle handle,
                                                         const hf_type *type, hf_region *out);
#else
HF_NODISCARD HF_API HF_NO_PLT_ hf_status hf_enter(hf_table *table, hf_handle handle,
                                                  const hf_type *type, hf_region *out);
#endif

/* Leaves a region, on the thread that entered it.  If close was asked for and this was the last
 * holder, releases the value.  Preserves errno.  A region that has ended, was copied, or belongs to
 * another thread is reported, and nothing changes.  (A copy goes unnoticed while its thread is
 * inside the same handle again, in the same place.)  NULL is allowed. */
#if HF_INLINE_REGIONS && !defined(HF_TWINS_)
HF_API HF_ALWAYS_INLINE_ void hf_leave(hf_region *region);
#else
HF_API HF_NO_PLT_ void hf_leave(hf_region *region);
#endif

/* Whether the handle admits regions at this moment: it is open, or closed and still held where its
 * type admits until released.  It may be closed when you look at the answer.  Reports nothing,
 * protects nothing, writes nothing.  A validated look-up, for assertions and tests. */
#if HF_INLINE_REGIONS
HF_NODISCARD HF_API HF_ALWAYS_INLINE_ bool hf_is_live(const hf_table *table, hf_handle handle);
#else
HF_NODISCARD HF_API bool hf_is_live(const hf_table *table, hf_handle handle);
#endif

/* Takes a counted reference.  On failure *out is an ended reference.  Takes no lock, allocates
 * nothing, never waits.  Errors: as hf_enter, WRONG_TYPE excepted. */
HF_NODISCARD HF_API hf_status hf_addref(hf_table *table, hf_handle handle, hf_ref *out);

/* Gives a reference back, on any thread.  If close was asked for and this was the last holder,
 * releases the value.  Preserves errno.  Errors: INVALID_ARGUMENT, OVER_RELEASE (reported). */
HF_API hf_status hf_release(hf_ref *ref);

/* Bracket a signal handler's use of the library: between them, a release that falls to this thread
 * is deferred to the next ordinary call on the table, on any thread, because release functions are
 * seldom async-signal-safe.  They nest.  Do not open, detach or close reserved handles in a
 * handler.  A finding made in a handler is reported there, which is not async-signal-safe: choose
 * HF_POLICY_COUNT for what handlers may find. */
HF_API void hf_signal_begin(void);
HF_API void hf_signal_end(void);

/* HF_REGION(name, table, handle, type) declares a region that leaves by itself at the end of the
 * scope.  Test it with hf_region_entered; to learn why it was refused,
 * use hf_enter:
 *
 *     HF_REGION(file, table, handle, &hf_type_fd);
 *     if (!hf_region_entered(&file))
 *         return -1;
 *     read(hf_value_fd(file.value), buffer, size);
 */
#ifdef __GNUC__
#define HF_REGION(name, table, handle, type) \
    __attribute__((cleanup(hf_region_end_))) hf_region name = hf_region_start_(table, handle, type)
#endif

HF_API inline bool hf_region_entered(const hf_region *region)
{
    return region->place_ != 0;
}

static inline hf_region hf_region_start_(hf_table *table, hf_handle handle, const hf_type *type);
static inline void hf_region_end_(hf_region *region);

/* The library's side of the inlined functions.  They take and give plain values, so that a region
 * whose address is not taken elsewhere stays in registers. */
enum { HF_HAZARDS_PER_THREAD_ = 8 };
#define HF_HAZARD_FREE_ UINT64_C(0) /* handles are odd */

typedef struct hf_entry_ {
    uint64_t place; /* 0: refused */
    uint64_t value; /* the value, or the status of the refusal */
} hf_entry_;

HF_API hf_entry_ hf_enter_slow_(hf_table *table, hf_handle handle, const hf_type *type);
HF_API bool hf_leave_slow_(hf_table *table, const hf_slot_ *slot, uint64_t state,
                           uint64_t place); /* true: has ended */
HF_API void hf_leave_changed_(hf_table *table, const hf_slot_ *slot, uint64_t state);
HF_API HF_ALWAYS_INLINE_ hf_status hf_entered_(hf_table *table, hf_handle handle, hf_entry_ entry,
                                               hf_region *out);

/* How the hot path ended.  CHANGED: the hazard is cleared again, and the state must be looked at.
 */
typedef enum hf_hot_ { HF_HOT_NOT_, HF_HOT_DONE_, HF_HOT_CHANGED_ } hf_hot_;

#if HF_INLINE_REGIONS
HF_API HF_ALWAYS_INLINE_ bool hf_word_is_(const uint64_t *word, uint64_t value);
HF_API HF_ALWAYS_INLINE_ hf_hot_ hf_enter_hot_(hf_table *table, hf_handle handle,
                                               const hf_type *type, hf_region *out);
HF_API HF_ALWAYS_INLINE_ hf_hot_ hf_leave_hot_(hf_region *region);
#endif

/* This thread's line of hazard slots, the stores to which an asymmetric barrier orders.  Threads
 * without one, and systems without such a barrier, have a line that is never free here, so that
 * they always call the library.  Initial-exec: 2.4 ns a region against 6.6 with the default model.
 */
#ifdef __GNUC__
extern HF_API __thread uint64_t *hf_hazards_ __attribute__((tls_model("initial-exec")));

/* Orders this thread's earlier stores before its later loads as far as the compiler is concerned.
 * Partner: the heavy barrier in close (hf_os_barrier_heavy). */
#define HF_LIGHT_BARRIER_() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#endif

/* The place of a region in the first hazard slot of a thread: it tells by one compare both that the
 * slot holds this handle and that the slot is this thread's. */
#define HF_FIRST_PLACE_(handle_bits, hazards) ((handle_bits) ^ (uint64_t)(uintptr_t)(hazards))

/* A macro, because an inline function with external linkage may not use a static one. */
#define HF_SLOT_AT_(head, place) ((hf_slot_ *)(void *)((char *)(head)->slots + (place)*8 - 8))

/* Makes a region of what hf_enter_slow_ answered. */
inline hf_status hf_entered_(hf_table *table, hf_handle handle, hf_entry_ entry, hf_region *out)
{
    const hf_table_head_ *head = (const hf_table_head_ *)(const void *)table;
    out->place_ = entry.place;
    if (entry.place == 0) {
        out->value = 0;
        out->table_ = NULL;
        out->slot_ = NULL;
        out->state_ = 0;
        return (hf_status)entry.value;
    }
    out->value = (hf_value)entry.value;
    out->table_ = table;
    out->state_ = handle.bits ^ head->secret;
    out->slot_ = HF_SLOT_AT_(head, HF_PLACE_(out->state_));
    return HF_OK;
}

#if HF_INLINE_REGIONS
/* Whether an atomic word has that value; acquire.  Of __atomic_load_n gcc makes a load apart from
 * the compare, which costs registers and instructions that a call would have to save and do. */
inline bool hf_word_is_(const uint64_t *word, uint64_t value)
{
#if defined(__x86_64__) && defined(__GCC_ASM_FLAG_OUTPUTS__)
    bool same;
    __asm__ volatile("cmpq %[value], %[word]"
                     : "=@cce"(same)
                     : [word] "m"(*word), [value] "re"(value)
                     : "memory");
    return same;
#else
    return __atomic_load_n(word, __ATOMIC_ACQUIRE) == value;
#endif
}

/* The hot path, for a thread whose first hazard slot is free. */
inline hf_hot_ hf_enter_hot_(hf_table *table, hf_handle handle, const hf_type *type, hf_region *out)
{
    const hf_table_head_ *head = (const hf_table_head_ *)(const void *)table;
    uint64_t raw = handle.bits ^ head->secret;
    uint64_t place = HF_PLACE_(raw);
    uint64_t *hazards = hf_hazards_;
    if (HF_LIKELY(place < __atomic_load_n(&head->place_limit, __ATOMIC_RELAXED))) {
        hf_slot_ *slot = HF_SLOT_AT_(head, place);
        uint64_t state = __atomic_load_n(&slot->state, __ATOMIC_RELAXED);
        /* One compare tells that the tags agree and that the hazard slot is free: the difference is
         * even, and what a taken slot holds is odd, so that if they are equal both are 0. */
        if (HF_LIKELY(hf_word_is_(&hazards[0], HF_TAGS_DIFFERENCE_(raw, state)) &&
                      (type == NULL || head->types[raw >> HF_TYPE_SHIFT_] == type))) {
            /* Release: a scanner that reads it also sees the end of this hazard slot's last
             * region.  Partner: the acquire loads of a scan. */
            __atomic_store_n(&hazards[0], handle.bits, __ATOMIC_RELEASE);
            HF_LIGHT_BARRIER_();
            /* Mostly not even a count has changed; if it has, the tag tells.  Acquire, both: the
             * value was written before this life was published.  Partner: the release store of the
             * state in open. */
            if (HF_LIKELY(hf_word_is_(&slot->state, state) ||
                          HF_TAGS_AGREE_(raw, __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE)))) {
                out->value = (hf_value)__atomic_load_n(&slot->value, __ATOMIC_RELAXED);
                out->table_ = table;
                out->slot_ = slot;
                out->state_ = state;
                out->place_ = HF_FIRST_PLACE_(handle.bits, hazards);
                return HF_HOT_DONE_;
            }
            /* It changed under us. */
            out->slot_ = slot;
            out->state_ = state;
            __atomic_store_n(&hazards[0], HF_HAZARD_FREE_, __ATOMIC_RELEASE);
            return HF_HOT_CHANGED_;
        }
    }
    return HF_HOT_NOT_;
}

inline hf_hot_ hf_leave_hot_(hf_region *region)
{
    uint64_t *hazards = hf_hazards_;
    /* Otherwise it is in another place, has ended, was copied, or belongs to another thread. */
    if (HF_LIKELY(hf_word_is_(&hazards[0], HF_FIRST_PLACE_(region->place_, hazards)))) {
        const hf_slot_ *slot = region->slot_;
        uint64_t entered = region->state_;
        region->place_ = 0;
        /* Release: what was done inside the region comes before.  Partner: a scan's acquire. */
        __atomic_store_n(&hazards[0], HF_HAZARD_FREE_, __ATOMIC_RELEASE);
        HF_LIGHT_BARRIER_();
        return HF_LIKELY(hf_word_is_(&slot->state, entered) ||
                         HF_TAGS_AGREE_(entered, __atomic_load_n(&slot->state, __ATOMIC_RELAXED)))
                   ? HF_HOT_DONE_
                   : HF_HOT_CHANGED_;
    }
    return HF_HOT_NOT_;
}

#ifndef HF_TWINS_ /* the library's own source of the twins of the next two */
inline hf_status hf_enter(hf_table *table, hf_handle handle, const hf_type *type, hf_region *out)
{
    if (out == NULL)
        return HF_E_INVALID_ARGUMENT;
    if (HF_LIKELY(table != NULL)) {
        hf_hot_ hot = hf_enter_hot_(table, handle, type, out);
        if (HF_LIKELY(hot == HF_HOT_DONE_))
            return HF_OK;
        /* The transient hazard may have made a scanner step back: look again as a leaver does. */
        if (hot == HF_HOT_CHANGED_)
            hf_leave_changed_(table, out->slot_, out->state_);
    }
    return hf_entered_(table, handle, hf_enter_slow_(table, handle, type), out);
}

inline void hf_leave(hf_region *region)
{
    hf_hot_ hot;
    if (region == NULL)
        return;
    hot = hf_leave_hot_(region);
    if (HF_LIKELY(hot == HF_HOT_DONE_))
        return;
    if (hot == HF_HOT_CHANGED_)
        hf_leave_changed_(region->table_, region->slot_, region->state_);
    else if (hf_leave_slow_(region->table_, region->slot_, region->state_, region->place_))
        region->place_ = 0;
}

#endif

inline bool hf_is_live(const hf_table *table, hf_handle handle)
{
    const hf_table_head_ *head = (const hf_table_head_ *)(const void *)table;
    if (HF_LIKELY(table != NULL)) {
        uint64_t raw = handle.bits ^ head->secret;
        uint64_t place = HF_PLACE_(raw);
        if (HF_LIKELY(place < __atomic_load_n(&head->place_limit, __ATOMIC_RELAXED))) {
            uint64_t state = __atomic_load_n(&HF_SLOT_AT_(head, place)->state, __ATOMIC_ACQUIRE);
            /* The tags but for HAZARD.  LIVE is asked for, lest it be damaged in the handle. */
            return (raw ^ state) >> HF_LIVE_SHIFT_ == 0 && (raw & HF_LIVE_) != 0;
        }
    }
    return false;
}
#endif

static inline hf_region hf_region_start_(hf_table *table, hf_handle handle, const hf_type *type)
{
    hf_region region = HF_REGION_INIT;
    if (hf_enter(table, handle, type, &region) != HF_OK)
        region.place_ = 0;
    return region;
}

static inline void hf_region_end_(hf_region *region)
{
    if (region->place_ != 0)
        hf_leave(region);
}

HF_END_DECLS

#endif
