/* The handle and the state word, drawn and derived.  Not for users: the inlined hot path needs it.
 *
 *     bit     63      58 57            33   32     31     30               1   0
 *  handle   |   type    |   generation   |   1  |   1    |       index        | 1 |  ^ table secret
 *  state    |   type    |   generation   | LIVE | HAZARD | THEN | heat | count | flags 4 |
 *            \____________________ tag ____________________/
 *
 * One exclusive-or of handle (secret taken off) and state, and one shift, leave the difference of
 * the tags: 0 means "same type, same generation, live, in hazard mode"; HF_TAG_COLD_ means the same
 * but counted; anything else is no live handle.
 *
 * The low half of a handle, with its HAZARD bit inverted, is its *place*, index * 2 + 1: the state
 * of that slot lies at slots + place * 8 - 8, so that a look-up needs one exclusive-or and no
 * shift. A handle whose HAZARD bit is damaged has a place beyond every limit; one whose LIVE bit is
 * damaged meets no state, because a state with HAZARD is always LIVE.
 *
 * Each shift is derived from the field below it.  A test build may narrow the generation and the
 * count; the freed bits go to their upper neighbour, so that the tag stays where it is.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_DETAIL_WORD_H
#define HOLDFAST_DETAIL_WORD_H

#include <holdfast/base.h>

#ifndef HF_GENERATION_BITS_
#define HF_GENERATION_BITS_ 25
#endif
#ifndef HF_COUNT_BITS_
#define HF_COUNT_BITS_ 17
#endif
#define HF_INDEX_BITS_ 30
#define HF_FLAG_BITS_  4
#define HF_THEN_BITS_  1
#define HF_HEAT_BITS_  (HF_INDEX_BITS_ + 1 - HF_FLAG_BITS_ - HF_COUNT_BITS_ - HF_THEN_BITS_)
#define HF_TYPE_BITS_  (64 - HF_GENERATION_SHIFT_ - HF_GENERATION_BITS_)

/* Of the handle alone. */
#define HF_HANDLE_MARK_ UINT64_C(1)
#define HF_INDEX_SHIFT_ 1
#define HF_INDEX_LIMIT_ (UINT64_C(1) << HF_INDEX_BITS_)

/* Of the state alone. */
#define HF_COUNT_SHIFT_ HF_FLAG_BITS_
#define HF_HEAT_SHIFT_  (HF_COUNT_SHIFT_ + HF_COUNT_BITS_)
#define HF_THEN_SHIFT_  (HF_HEAT_SHIFT_ + HF_HEAT_BITS_)

/* Of both. */
#define HF_HAZARD_SHIFT_     (HF_THEN_SHIFT_ + HF_THEN_BITS_)
#define HF_LIVE_SHIFT_       (HF_HAZARD_SHIFT_ + 1)
#define HF_GENERATION_SHIFT_ (HF_LIVE_SHIFT_ + 1)
#define HF_TYPE_SHIFT_       (HF_GENERATION_SHIFT_ + HF_GENERATION_BITS_)
#define HF_TAG_SHIFT_        HF_HAZARD_SHIFT_

#define HF_LIVE_   (UINT64_C(1) << HF_LIVE_SHIFT_)
#define HF_HAZARD_ (UINT64_C(1) << HF_HAZARD_SHIFT_)

/* The difference of the tags when the handle is live and counted. */
#define HF_TAG_COLD_ (HF_HAZARD_ >> HF_TAG_SHIFT_)

/* Type fields come in pairs: the even one for handles without a cold record, the odd one with. */
#define HF_TYPE_FIELDS_ 64

/* Of two words, raw handles or states: what their tags differ in, which is even; whether they
 * agree. */
#define HF_TAGS_DIFFERENCE_(left, right) (((left) ^ (right)) & ~UINT64_C(0) << HF_TAG_SHIFT_)
#define HF_TAGS_AGREE_(left, right)      (HF_TAGS_DIFFERENCE_(left, right) == 0)

/* The place in a handle without its secret. */
#define HF_PLACE_(raw) ((uint64_t)((uint32_t)(raw) ^ (uint32_t)HF_HAZARD_))

HF_STATIC_ASSERT(HF_INDEX_SHIFT_ + HF_INDEX_BITS_ == HF_HAZARD_SHIFT_,
                 "a handle's HAZARD lies where the state's does");
HF_STATIC_ASSERT(HF_HAZARD_SHIFT_ == 31, "place and HAZARD fill the low half");
HF_STATIC_ASSERT(HF_TYPE_SHIFT_ + HF_TYPE_BITS_ == 64, "the fields cover the word");
HF_STATIC_ASSERT(HF_TYPE_BITS_ >= 6 && HF_HEAT_BITS_ >= 9, "type and heat have their least width");

typedef struct hf_slot_ {
    uint64_t state; /* accessed atomically only */
    uint64_t value; /* the value of a live slot; the link of a free one */
} hf_slot_;

HF_STATIC_ASSERT(sizeof(hf_slot_) == 16, "a place times 8 finds a slot");

/* The head of every hf_table: what the hot path reads.  It is written while the table is created,
 * except for `place_limit`, which grows, and `types`, whose entries are each written once. */
typedef struct hf_table_head_ {
    hf_slot_ *slots;
    uint64_t secret;
    uint64_t place_limit;               /* places below it lie in committed memory */
    const void *types[HF_TYPE_FIELDS_]; /* by the type field of a handle */
} hf_table_head_;

#endif
