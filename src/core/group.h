/* Groups: who is a member, counted; and where a group's function runs on this thread.
 *
 * Groups lie in a static pool and are never freed, so that whoever comes late touches memory that
 * is there.  No lock: all that is counted lies in one word.  A handle knows its group by a number
 * in its cold record. */
#ifndef HF_CORE_GROUP_H
#define HF_CORE_GROUP_H

#include "core/event.h"

#include <holdfast/dispatch.h>

enum { HF_GROUPS = 4096, HF_GROUP_NAME_SIZE = 48 };

/* The fields of hf_group.word: a phase, how many opens of members are under way, and how many
 * members there are, those being opened included. */
enum { HF_GROUP_PHASE_BITS = 2, HF_GROUP_OPENING_BITS = 22 };
#define HF_GROUP_OPENING_ONE   (UINT64_C(1) << HF_GROUP_PHASE_BITS)
#define HF_GROUP_MEMBER_SHIFT  (HF_GROUP_PHASE_BITS + HF_GROUP_OPENING_BITS)
#define HF_GROUP_MEMBER_ONE    (UINT64_C(1) << HF_GROUP_MEMBER_SHIFT)
#define HF_GROUP_PHASE_FIELD   (HF_GROUP_OPENING_ONE - 1)
#define HF_GROUP_OPENING_FIELD (HF_GROUP_MEMBER_ONE - HF_GROUP_OPENING_ONE)

typedef enum hf_group_phase {
    HF_GROUP_FREE = 0,
    HF_GROUP_MAKING,
    HF_GROUP_OPEN,
    HF_GROUP_CLOSING /* hf_group_close_wait was called: no new members */
} hf_group_phase;

struct hf_group {
    uint64_t word;
    uint64_t leaving; /* the member whose completion was called last, for reports */
    uint32_t event;   /* changes when the last member has left, and when an open has ended */
    char name[HF_GROUP_NAME_SIZE];
} __attribute__((aligned(64)));

extern hf_group hf_groups[HF_GROUPS];

/* The number of a group, 0 for NULL, and the way back. */
static inline uint32_t hf_group_number(const hf_group *group)
{
    return group != NULL ? (uint32_t)(group - hf_groups) + 1 : 0;
}

static inline hf_group *hf_group_at(uint32_t number)
{
    return number != 0 ? &hf_groups[number - 1] : NULL;
}

static inline uint64_t hf_group_word(const hf_group *group)
{
    /* Acquire: what members' functions did comes before a count of 0.  Partner: hf_stay_end. */
    return __atomic_load_n(&group->word, __ATOMIC_ACQUIRE);
}

/* Whether this points to a group that is alive: what can be told of a stale pointer. */
bool hf_group_is_valid(const hf_group *group);

/* Refuses new members; may be repeated.  False: the group is not alive. */
bool hf_group_begin_closing(hf_group *group);

/* A time during which this thread works for a member that no slot shows: while it is being opened,
 * and when its slot is free but its completion runs.  On the stack of that work; they nest. */
typedef struct hf_stay {
    uint32_t group; /* its number; 0: none, and nothing below happens */
    bool opening;
    uint64_t handle; /* the member that leaves, or 0 */
    struct hf_stay *outer;
} hf_stay;

/* Joins, before the slot is taken.  Errors: CLOSING, TOO_MANY_REFERENCES; then the stay is none. */
hf_status hf_stay_open(hf_stay *stay, hf_group *group);

/* The member is published; or it is not to be. */
void hf_stay_opened(hf_stay *stay);
void hf_stay_failed(hf_stay *stay);

/* Brackets what follows when a member's slot is free; at the end it has left the group. */
void hf_stay_leave(hf_stay *stay, uint32_t group, hf_handle member);
void hf_stay_end(hf_stay *stay);

/* The innermost stay of this thread that concerns the group, or NULL. */
const hf_stay *hf_stay_of(uint32_t group);

/* In a forked child, when its slots are what they are to be: counts the members anew, because
 * threads that were opening and closing some are gone. */
void hf_groups_recount(void);

#endif
