/* What is known of every handle: plain code that predicts which slot a handle gets, who holds what,
 * whose value is released when, and what is to be reported of it. */
#ifndef FUZZ_REUSE_CARDS_H
#define FUZZ_REUSE_CARDS_H

#include "findings.h"
#include "numbers.h"

enum {
    CARDS = 512,
    TABLES = 3,
    SLOTS = 5, /* so that the values' windows in a namespace never overflow */
    LIVES = (1 << HF_GENERATION_BITS_) - 1,
    NOBODY = -1
};

/* Which call issued a handle. */
typedef enum card_origin { CARD_BY_OPEN, CARD_BY_RESERVE, CARD_BY_DUPLICATE } card_origin;

typedef enum card_state { CARD_RESERVED, CARD_OPEN, CARD_CLOSING, CARD_CLOSED } card_state;

/* One handle. */
typedef struct card {
    hf_handle handle;
    unsigned table;
    unsigned type;
    card_origin origin;
    card_state state;
    bool borrowed;
    bool identified;
    bool completes; /* closed by hf_close_then */
    unsigned holds; /* regions and references */
    unsigned slot;
    unsigned life; /* of its slot, from 1 */
    hf_value value;
    uint64_t object;
    const char *label;
    recorded opened;
    recorded closed;
} card;

typedef struct slot {
    uint32_t key; /* what all handles of the slot share */
    hf_handle first;
    unsigned lives;
    int holder; /* a card, or NOBODY */
} slot;

typedef struct sheet {
    hf_table *table;
    const char *name;
    slot slots[SLOTS];
    unsigned used; /* slots that were ever used: the indices follow each other */
    unsigned free[SLOTS];
    unsigned free_count; /* the first freed first */
} sheet;

typedef struct cards {
    hf_reuse reuse;
    unsigned capacity;
    unsigned level; /* 0 to 3 */
    sheet sheets[TABLES];
    card list[CARDS];
    int count;
    unsigned completions; /* expected so far */
} cards;

extern cards deck;

/* Why a handle that an operation is given is not good for it; which report that makes. */
typedef struct verdict {
    hf_status status;
    bool reported;
    hf_report_kind kind;
} verdict;

/* How table `s` looks upon a card's handle, or (NULL) one that nobody issued.  `type` is what the
 * caller asks for, NULL: any. */
verdict cards_judge(const sheet *s, const card *c, const hf_type *type, bool closes);

/* Expects the report of a verdict. */
void cards_expect_refusal(const sheet *s, const card *c, hf_handle handle, const verdict *why,
                          const char *operation, moment now);

/* What is told of a card now. */
finding_party cards_party(const card *c);

sheet *cards_sheet(const card *c);

bool cards_admits(const card *c);

/* Whether a slot can be had. */
bool cards_have_room(const sheet *s);

/* A handle was issued, reserved: a card for it. */
card *cards_issue(sheet *s, hf_handle handle, unsigned type, card_origin origin, moment now);

/* It got its value. */
void cards_open(card *c, hf_value value, bool borrowed, const char *operation, moment now);

/* A handle whose close was asked for, or which was detached, has no holder any more. */
hf_outcome cards_release(card *c, moment now, bool inside);
void cards_free(card *c);

/* One holder less. */
void cards_let_go(card *c, moment now, bool inside);

/* Close is asked for; nothing is released yet. */
void cards_begin_close(card *c, moment now);

/* A handle ends without a release: it was reserved, or is detached. */
void cards_abandon(card *c, moment now);

/* Whether a number's former owner could not tell that it was recycled. */
bool cards_keep(hf_value value);

#endif
