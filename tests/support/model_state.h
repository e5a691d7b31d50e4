/* The model's state: cards for handles, sheets for tables; see model.h. */
#ifndef TESTS_MODEL_STATE_H
#define TESTS_MODEL_STATE_H

#include "model.h"

enum {
    MODEL_CARDS = 600,
    MODEL_HOLDS = 48,
    MODEL_SLOTS = 32,
    MODEL_LIVES = (1 << HF_GENERATION_BITS_) - 1,
    MODEL_COUNT_LIMIT = (1 << HF_COUNT_BITS_) - 1,
    MODEL_NONE = -1
};

/* One step of a sequence. */
typedef struct model_record {
    uint8_t operation;
    uint8_t subject; /* which card, or region, or reference */
    uint8_t detail;
    uint8_t more;
} model_record;

/* What is known of one handle. */
typedef struct card {
    hf_handle handle;
    hf_value value;
    int sheet;
    hf_life life;
    fake_kind kind;
    bool borrowed;
    int parent; /* card, or MODEL_NONE */
    unsigned children;
    unsigned counts;  /* references and counted regions */
    unsigned hazards; /* hazard regions */
    unsigned regions; /* of either sort */
} card;

typedef struct slot_sheet {
    uint32_t key; /* the bits that all handles of the slot share */
    unsigned lives;
} slot_sheet;

/* What is known of one table. */
typedef struct sheet {
    hf_table *table;
    unsigned live;
    unsigned retired;
    uint64_t opened;
    uint64_t deferred;
    uint64_t refused[HF_STATUS_COUNT];
    slot_sheet slots[MODEL_SLOTS];
    unsigned slots_seen;
    int free[MODEL_SLOTS]; /* seen slots that are free, the first freed first */
    unsigned free_count;
    bool order_known;
} sheet;

typedef struct held_region {
    hf_region region;
    int card; /* MODEL_NONE: not in use */
    bool counted;
} held_region;

typedef struct held_ref {
    hf_ref ref;
    int card;
} held_ref;

typedef struct model {
    model_options options;
    fake_world *world;
    sheet sheets[2];
    card cards[MODEL_CARDS];
    int card_count;
    held_region regions[MODEL_HOLDS];
    held_ref refs[MODEL_HOLDS];
    unsigned hazards_used;
    uint32_t releases; /* expected so far */
    char *message;     /* empty while all is well */
    size_t message_size;
} model;

/* Notes the first disagreement. */
HF_PRINTF(2, 3) void model_fail(model *m, const char *format, ...);
bool model_agrees(const model *m);

/* Compares a status with the expected one, and notes a refusal as the table should have. */
bool model_expect(model *m, sheet *s, const char *what, hf_status got, hf_status expected);

/* How `card` answers an operation of table `s` that needs a live, admitted handle: HF_OK or why
 * not. */
hf_status model_admission(const model *m, const sheet *s, const card *c);

/* As above, but close was not asked for either. */
hf_status model_openness(const model *m, const sheet *s, const card *c);

/* Everything that holds the card. */
unsigned model_holders(const card *c);

/* Whether every slot of a table is in use or retired. */
bool model_is_full(const model *m, const sheet *s);

/* A handle was issued: a new card for it.  NULL if something is wrong with it. */
card *model_issue(model *m, sheet *s, hf_handle handle);

/* Close was asked for: answers the outcome. */
hf_outcome model_close(model *m, card *c);

/* A hold of the card has ended: releases it if it was the last. */
void model_let_go(model *m, card *c);

/* The handle ends without a release. */
void model_forget(model *m, card *c);

/* A card: mostly a young one, at times any.  NULL while there is none. */
card *model_pick(model *m, uint8_t choice);

/* Mostly the card's own table, at times the other. */
sheet *model_place(model *m, const card *c, uint8_t choice);

/* Do one step of the one or the other sort, by r->operation. */
void model_play_life(model *m, const model_record *r);
void model_play_hold(model *m, const model_record *r);

/* Ends every region and reference. */
void model_end_holds(model *m);

/* Compares what hf_inspect and the statistics tell with the model. */
void model_check_card(model *m, const card *c);
void model_check_sheet(model *m, const sheet *s);

#endif
