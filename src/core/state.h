/* The state word of a slot: its flags and fields by the questions they answer.
 *
 * Flags, what each promises, and who may change it:
 *
 *   CLOSED    close was asked for.  Set once in a life, by the closer; never cleared in that life.
 *   SEALED    the closer has passed its barrier, and written its completion: from here on
 *             whoever finds no holder may release.  Set by the closer, with CLOSED if there is
 *             no completion and the handle was never hot (then no barrier is needed), else later.
 *             Also by the sweep at exit, after a barrier of its own, and by the child of a fork,
 *             where the closer is gone.
 *
 *   RELEASED  one thread has won the value.  Together with
 *
 *             CLOSED   that thread releases it; nobody else writes the word any more;
 *
 *             LIVE     that thread tries to detach it: nobody promotes the handle meanwhile; a
 *                      closer may take over by clearing the mark;
 *
 *             neither  the slot is reserved and holds no value yet (and with SEALED: a commit is
 *                      under way).
 *
 *   WAITER    somebody is in rundown and does the releasing; whoever would have released wakes him
 *             instead.  May be set when the waiter has just given up (he looks again after clearing
 *             it); must not be clear while he sleeps for more than a poll interval.
 *
 *   THEN      (above the heat) a completion waits in the slot's cold record: hf_close_then.  Set
 *             once, with CLOSED but before SEALED, so that whoever claims the value finds it
 *             written, unless a fork came between.
 *
 * HAZARD without LIVE never occurs: a damaged handle could match it.
 * A free slot has none of the flags and is not LIVE.  A kept one (hf_close_keeping) has type 0,
 * RELEASED and SEALED.  A retired one has RELEASED alone, type 0 and the last generation. */
#ifndef HF_CORE_STATE_H
#define HF_CORE_STATE_H

#include <holdfast/detail/word.h>

#define HF_CLOSED   UINT64_C(1)
#define HF_SEALED   UINT64_C(2)
#define HF_RELEASED UINT64_C(4)
#define HF_WAITER   UINT64_C(8)
#define HF_FLAGS    ((UINT64_C(1) << HF_FLAG_BITS_) - 1)
#define HF_THEN     (UINT64_C(1) << HF_THEN_SHIFT_)

#define HF_KEPT (HF_SEALED | HF_RELEASED)

#define HF_COUNT_ONE   (UINT64_C(1) << HF_COUNT_SHIFT_)
#define HF_COUNT_LIMIT ((UINT64_C(1) << HF_COUNT_BITS_) - 1)

#define HF_HEAT_ONE   (UINT64_C(1) << HF_HEAT_SHIFT_)
#define HF_HEAT_FIELD (((UINT64_C(1) << HF_HEAT_BITS_) - 1) << HF_HEAT_SHIFT_)
#define HF_HEAT_HOT   UINT64_C(510)

/* Of a closed handle: it counts as hot, and its value is not to be released (HF_FORK_POISON). */
#define HF_HEAT_POISONED (HF_HEAT_HOT + 1)

#define HF_GENERATION_LIMIT ((UINT64_C(1) << HF_GENERATION_BITS_) - 1)

/* In a type field: with a cold record. */
#define HF_TYPE_COLD 1u

_Static_assert((HF_CLOSED | HF_SEALED | HF_RELEASED | HF_WAITER) == HF_FLAGS,
               "four flags, all used");
_Static_assert(HF_HEAT_POISONED < (UINT64_C(1) << HF_HEAT_BITS_), "hot fits the heat field");
_Static_assert(HF_TYPE_FIELDS_ <= (UINT64_C(1) << HF_TYPE_BITS_), "every type has its field");

static inline uint32_t hf_state_count(uint64_t state)
{
    return (uint32_t)(state >> HF_COUNT_SHIFT_ & HF_COUNT_LIMIT);
}

static inline uint64_t hf_state_heat(uint64_t state)
{
    return (state & HF_HEAT_FIELD) >> HF_HEAT_SHIFT_;
}

static inline bool hf_state_was_hot(uint64_t state)
{
    return hf_state_heat(state) >= HF_HEAT_HOT;
}

static inline bool hf_state_is_poisoned(uint64_t state)
{
    return hf_state_heat(state) == HF_HEAT_POISONED;
}

/* The next two serve states and raw handles alike. */
static inline uint32_t hf_word_generation(uint64_t word)
{
    return (uint32_t)(word >> HF_GENERATION_SHIFT_ & HF_GENERATION_LIMIT);
}

static inline uint32_t hf_word_type(uint64_t word)
{
    return (uint32_t)(word >> HF_TYPE_SHIFT_);
}

/* Same type and generation: the state is of this handle's life. */
static inline bool hf_state_is_life_of(uint64_t state, uint64_t raw)
{
    return (state ^ raw) >> HF_GENERATION_SHIFT_ == 0;
}

/* The life is this handle's, it is live, and regions use hazards. */
static inline bool hf_state_is_hazard(uint64_t state, uint64_t raw)
{
    return (state ^ raw) >> HF_TAG_SHIFT_ == 0;
}

/* The life is this handle's, it is live, and regions are counted.  LIVE is looked at for the sake
 * of a handle whose own LIVE bit is damaged. */
static inline bool hf_state_is_counted(uint64_t state, uint64_t raw)
{
    return (state ^ raw) >> HF_TAG_SHIFT_ == HF_TAG_COLD_ && (state & HF_LIVE_) != 0;
}

/* The same, never hot, held by nobody, and neither closed nor promoted: without flags, that is. */
static inline bool hf_state_is_plain(uint64_t state, uint64_t raw)
{
    const uint64_t busy = HF_COUNT_LIMIT << HF_COUNT_SHIFT_ | HF_FLAGS;
    return hf_state_is_counted(state, raw) && (state & busy) == 0;
}

/* That of a handle which nobody holds, once its closer has won the value. */
static inline uint64_t hf_state_claimed(uint64_t state)
{
    return (state & ~HF_LIVE_) | HF_CLOSED | HF_SEALED | HF_RELEASED;
}

/* One of the two: regions and references are admitted. */
static inline bool hf_state_admits(uint64_t state, uint64_t raw)
{
    return (state ^ raw) >> HF_LIVE_SHIFT_ == 0 && (state & HF_LIVE_) != 0;
}

/* Close was asked for, the barrier is passed, nobody has won the value, no count is left. */
static inline bool hf_state_is_claimable(uint64_t state)
{
    return (state & (HF_CLOSED | HF_SEALED | HF_RELEASED)) == (HF_CLOSED | HF_SEALED) &&
           hf_state_count(state) == 0;
}

static inline bool hf_state_is_reserved(uint64_t state)
{
    return (state & (HF_LIVE_ | HF_CLOSED | HF_RELEASED)) == HF_RELEASED;
}

static inline bool hf_state_is_free(uint64_t state)
{
    return (state & (HF_LIVE_ | HF_FLAGS)) == 0;
}

/* A handle without its secret. */
static inline uint64_t hf_raw_make(uint32_t type, uint32_t generation, uint32_t index)
{
    return (uint64_t)type << HF_TYPE_SHIFT_ | (uint64_t)generation << HF_GENERATION_SHIFT_ |
           HF_HAZARD_ | HF_LIVE_ | (uint64_t)index << HF_INDEX_SHIFT_ | HF_HANDLE_MARK_;
}

/* The handle, without its secret, of the life that a state belongs to. */
static inline uint64_t hf_raw_of_state(uint64_t state, uint32_t index)
{
    return (state >> HF_GENERATION_SHIFT_ << HF_GENERATION_SHIFT_) | hf_raw_make(0, 0, index);
}

static inline uint32_t hf_raw_index(uint64_t raw)
{
    return (uint32_t)(raw & (HF_HAZARD_ - 1)) >> HF_INDEX_SHIFT_;
}

#endif
