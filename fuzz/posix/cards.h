/* The expectation: a card for each handle, and what becomes of its value. */
#ifndef POSIX_CARDS_H
#define POSIX_CARDS_H

#include <holdfast/posix.h>

#include "things.h"

enum { CARDS = 32, TABLES = 2 };

typedef enum card_kind {
    CARD_FD,
    CARD_SOCKET,
    CARD_PIDFD,
    CARD_STREAM,
    CARD_DIRECTORY,
    CARD_MAPPING,
    CARD_OBJECT,
    CARD_KINDS
} card_kind;

typedef enum card_life { CARD_UNUSED, CARD_OPEN, CARD_CLOSING, CARD_GONE } card_life;

typedef struct card {
    card_life life;
    card_kind kind;
    hf_table *table;
    hf_handle handle;
    hf_value value;
    bool owned;
    bool tracked; /* its namespace knows of it */
    bool identified;
    hf_identity who; /* when it was opened */
    unsigned holders;
    unsigned children; /* among the holders */
    struct card *parent;
    thing native;
    int peer; /* of a socket, -1: none */
} card;

extern card cards[CARDS];

const hf_type *card_type(card_kind kind);
bool card_is_number(card_kind kind);

/* A card that is open or closing. */
bool card_is_live(const card *which);

unsigned cards_count_live(void);

/* The first card from `from` on that is open or closing, or that is gone; NULL: there is none. */
card *cards_find_live(unsigned from);
card *cards_find_gone(unsigned from);

/* A card for a new handle: one that is not used, or gone, and nobody's parent; NULL: none. */
card *cards_new(unsigned from);

/* Another live card, owned or borrowed, that has the same value in the same namespace. */
const card *cards_same_value(const card *as, bool owned);

/* Notes who the value is, as hf_open does, and that an owner is expected to be found. */
void card_opened(card *which);

/* The value is released, or left alone, and then those of parents who waited for that.  Answers
 * what the closer is told. */
hf_close_result card_released(card *which);

/* The value leaves the table unreleased. */
void card_detached(card *which);

/* A holder has left: released, if that was the last one of a closing handle. */
void card_dropped(card *which);

#endif
