/* The model's state: cards for handles, sheets for tables, notes for what is to be told; see
 * model.h. */
#ifndef TESTS_MODEL_STATE_H
#define TESTS_MODEL_STATE_H

#include <holdfast/dispatch.h>

#include "model.h"

enum {
    MODEL_CARDS = 600,
    MODEL_HOLDS = 48,
    MODEL_SLOTS = 32,
    MODEL_ACTORS = 3, /* threads; number 0 is the one that plays */
    MODEL_GROUPS = 2,
    MODEL_NUMBERS = 4,  /* values that several handles may have */
    MODEL_SHARERS = 16, /* how many handles of one such value a namespace has room for */
    MODEL_NOTES = 160,
    MODEL_HOLDERS = 16, /* as many as a report lists */
    MODEL_RENEWALS = 8,
    MODEL_DEPTH = 3, /* of callbacks inside callbacks */
    MODEL_LIVES = (1 << HF_GENERATION_BITS_) - 1,
    MODEL_COUNT_LIMIT = (1 << HF_COUNT_BITS_) - 1,
    MODEL_NONE = -1
};

/* The kinds of value: the fakes, and numbers, which have a namespace and an identity. */
enum { MODEL_NUMBERED = FAKE_KINDS, MODEL_KINDS };

/* One step of a sequence. */
typedef struct model_record {
    uint8_t operation;
    uint8_t subject; /* which card, or region, or reference */
    uint8_t detail;
    uint8_t more;
    uint8_t actor; /* who does it */
    uint8_t fails; /* which allocation fails meanwhile */
} model_record;

/* What is known of one handle. */
typedef struct card {
    hf_handle handle;
    hf_value value;
    int sheet;
    int slot;
    unsigned life_number; /* in its slot, from 1 */
    hf_life life;
    int kind;
    bool gone; /* with its table */
    bool borrowed;
    bool tracked; /* its namespace knows of it */
    bool identified;
    uint64_t identity;
    int parent; /* card, or MODEL_NONE */
    int group;
    const char *label;
    uint64_t opener; /* system's ids of threads; 0: nobody, or not noted */
    uint64_t closer;
    bool closer_unsure; /* it may be missing */
    bool then;          /* a completion is to be called */
    bool leaked;
    unsigned children;
    unsigned counts;                /* references and counted regions */
    unsigned hazards;               /* hazard regions */
    unsigned regions[MODEL_ACTORS]; /* of either sort */
} card;

typedef struct slot_sheet {
    uint32_t key; /* the bits that all handles of the slot share */
    unsigned lives;
} slot_sheet;

/* What is known of one table. */
typedef struct sheet {
    hf_table *table;
    bool closing;
    unsigned live;
    unsigned retired;
    uint64_t opened;
    uint64_t deferred;
    uint64_t refused[HF_STATUS_COUNT];
    uint64_t reports[HF_REPORT_KIND_COUNT];
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
    int actor;
} held_region;

typedef struct held_ref {
    hf_ref ref;
    int card;
    int sheet; /* of the last use, for one that has ended; MODEL_NONE: never used */
} held_ref;

/* What is not a report, but is told to the user like one. */
enum { MODEL_COMPLETION = HF_REPORT_KIND_COUNT, MODEL_ACTION, MODEL_TOLD_KINDS };

/* Something that the user is to be told in this step. */
typedef struct model_note {
    int kind;
    bool loose; /* the subject is no handle that was issued: only its bits are known */
    bool met;
    const char *operation;
    const char *table_name; /* "" for none */
    const char *issuer_name;
    uint64_t subject;
    uint64_t others[MODEL_SHARERS]; /* one of these; none: nobody */
    unsigned other_count;
    uint64_t thread; /* on which it is told */
    const char *type_name;
    hf_value value;
    const char *label;
    const char *group_name;
    uint64_t opener;
    uint64_t closer;
    bool closer_unsure;
    bool known; /* opener and closer must be told: the life is recent, and stacks are recorded */
    bool holds; /* holders are told: these */
    unsigned regions;
    unsigned references;
    int32_t error; /* of a completion: the outcome */
} model_note;

/* What the user was told. */
typedef struct model_finding {
    int kind;
    char operation[24];
    char table_name[16];
    char issuer_name[16];
    char type_name[24];
    char label[24];
    char group_name[16];
    uint64_t subject;
    uint64_t other;
    hf_value value;
    uint64_t thread;
    uint64_t opener;
    uint64_t closer;
    uint32_t holder_count;
    uint32_t region_count;
    uint32_t references;
    uint32_t group_count;
    int32_t error;
    bool has_role;
} model_finding;

typedef struct model_group {
    hf_group *group;
    bool closing;
    unsigned members;
} model_group;

typedef struct model {
    model_options options;
    int level;
    fake_world *world;
    hf_type numbered;
    uint64_t identities[MODEL_NUMBERS]; /* 0: the number is not valid now */
    uint32_t number_releases;           /* seen */
    hf_policy policies[HF_REPORT_KIND_COUNT];
    sheet sheets[2];
    unsigned renewals;
    model_group groups[MODEL_GROUPS];
    card cards[MODEL_CARDS];
    int card_count;
    held_region regions[MODEL_HOLDS];
    held_ref refs[MODEL_HOLDS];
    unsigned hazards_used[MODEL_ACTORS];
    bool busy[MODEL_ACTORS]; /* in the midst of a step, which others may be nested in */
    int actor;               /* whose turn it is */
    unsigned depth;
    bool any_order;      /* in this step many things end, the library chooses which first */
    bool memory_failed;  /* in this step */
    bool memory_suspect; /* in some step: what is noted of threads may be less */
    uint32_t releases;   /* expected so far */
    int32_t close_error; /* of the last close that released */
    const uint8_t *next; /* the record to be played next */
    size_t left;         /* records */
    size_t number;
    model_note notes[MODEL_NOTES];
    unsigned note_count;
    model_finding findings[MODEL_NOTES];
    unsigned finding_count;
    unsigned leaks;
    char *message; /* empty while all is well */
    size_t message_size;
} model;

/* Notes the first disagreement. */
HF_PRINTF(2, 3) void model_fail(model *m, const char *format, ...);
bool model_agrees(const model *m);

/* ---- rules (model_state.c) ------------------------------------------------------------------ */

/* Compares a status with the expected one, and notes a refusal as the table should have.  False
 * when nothing is to change: it is another status, or memory was made to fail. */
bool model_expect(model *m, sheet *s, const char *what, hf_status got, hf_status expected);

/* The same of an operation on a card: a refusal is told to the user. */
bool model_answers(model *m, sheet *s, const card *c, const char *what, bool closes, hf_status got,
                   hf_status expected);

/* How `card` answers an operation of table `s` that needs a live, admitted handle: HF_OK or why
 * not. */
hf_status model_admission(const model *m, const sheet *s, const card *c);

/* As above, but close was not asked for either. */
hf_status model_openness(const model *m, const sheet *s, const card *c);

/* How it answers one who closes it. */
hf_status model_closability(const model *m, const sheet *s, const card *c);

/* Everything that holds the card. */
unsigned model_holders(const card *c);

/* All regions of the card, of all threads. */
unsigned model_regions(const card *c);

/* Whether the thread whose turn it is is in a region of the card or of a descendant, and so must
 * not wait for it. */
bool model_is_inside(const model *m, const card *c);

/* What a table is called. */
const char *model_name(const model *m, const sheet *s);

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

/* Compares what hf_inspect and the statistics tell with the model. */
void model_check_card(model *m, const card *c);
void model_check_sheet(model *m, const sheet *s);

/* ---- values (model_value.c) ----------------------------------------------------------------- */

const hf_type *model_type(const model *m, int kind);
void model_values_start(model *m);

/* A value of a kind: a new fake, or the number that `choice` names.  False: too many handles have
 * it. */
bool model_value_make(model *m, int kind, uint8_t choice, hf_value *out);
void model_value_give_back(const card *c);
void model_value_drop(int kind, hf_value value);

/* The card's value came under its protection, by this operation. */
void model_value_enter(model *m, card *c, const char *operation);

/* The card's value leaves it: what becomes of it, and what is reported meanwhile. */
hf_outcome model_value_release(model *m, card *c, int32_t *error);

/* ---- what is told (model_notes.c) ----------------------------------------------------------- */

void model_listen(model *m);

/* Whether the card's life is recorded, and so recent that it still must be. */
bool model_is_remembered(const model *m, const card *c);

/* A finding about a card is to be reported, with these operation and table.  NULL where policy has
 * it that it is not: then there is nothing to add to it. */
model_note *model_note_card(model *m, int kind, const sheet *s, const card *c,
                            const char *operation);

/* The same of a handle that is no card's. */
model_note *model_note_bits(model *m, int kind, const sheet *s, uint64_t bits,
                            const char *operation);
void model_note_other(model_note *note, const card *c);
void model_note_holders(model_note *note, const card *c);

/* The same of one with wrong bits, refused by hf_enter or the like as `kind` has it. */
void model_note_wild(model *m, const sheet *s, int kind, hf_handle handle, const char *operation);

/* What is told of a refusal. */
void model_note_refusal(model *m, const sheet *s, const card *c, const char *operation, bool closes,
                        hf_status status);

/* Counts a finding as its table does; whether it is reported. */
bool model_counts(model *m, const sheet *s, int kind);

/* Was told: by a completion or action. */
void model_told(model *m, int kind, uint64_t subject, int32_t error);

/* What was told in this step of this kind and subject; NULL: nothing. */
const model_finding *model_find_told(const model *m, int kind, uint64_t subject);

/* What was told and what was to be told must be the same. */
void model_check_notes(model *m);

/* ---- threads (model_actor.c) ---------------------------------------------------------------- */

/* The calling thread is number 0. */
void model_actors_start(model *m);

typedef void (*model_task)(model *m, const model_record *r);

/* Does it on an actor's thread, which is started if it does not run. */
void model_on_actor(model *m, int actor, model_task task, const model_record *r);
uint64_t model_thread(int actor);
bool model_actor_runs(int actor);

/* Ends its thread. */
void model_actor_end(int actor);

/* ---- memory (model_memory.c) ---------------------------------------------------------------- */

/* A table's memory is to be taken from the system anew, as if it had never been another's. */
void model_memory_fresh(hf_table *table);

/* Between these a step's allocation fails, if the record says so. */
void model_memory_arm(const model_record *r);
void model_memory_disarm(model *m, const model_record *r);

/* How often memory was asked for since it was last asked, armed or disarmed. */
uint64_t model_memory_asked(void);

/* ---- operations ----------------------------------------------------------------------------- */

typedef void model_operation(model *m, const model_record *r);

model_operation model_play_open, model_play_open_child, model_play_reserve, model_play_commit,
    model_play_close, model_play_close_then, model_play_close_wait, model_play_wait,
    model_play_detach, model_play_duplicate, model_play_churn; /* model_life.c */
model_operation model_play_enter, model_play_leave, model_play_leave_again, model_play_addref,
    model_play_release, model_play_forged, model_play_flood, model_play_warm; /* model_hold.c */
model_operation model_play_close_many, model_play_group_close, model_play_group_renew,
    model_play_shutdown, model_play_renew, model_play_thread_exit;          /* model_many.c */
model_operation model_play_identity, model_play_outcome, model_play_policy; /* model_value.c */
model_operation model_play_dispatch;                                        /* model_dispatch.c */
model_operation model_play_describe;                                        /* model_describe.c */

/* Parts of operations that others use. */
hf_status model_enter_answer(model *m, const sheet *s, const card *c, const hf_type *type,
                             bool *unsure);
const hf_type *model_some_type(const model *m, const card *c, uint8_t choice);
void model_region_begin(model *m, card *c, held_region *held);
void model_region_end(model *m, held_region *held);
void model_ref_end(model *m, held_ref *held);
void model_check_outcome(model *m, const char *what, const hf_close_result *result,
                         hf_outcome expected, const card *c);

/* Plays the next record, if there is one. */
void model_step(model *m);

/* Makes the tables, and ends them. */
void model_tables_start(model *m);
void model_tables_end(model *m, bool orderly);

/* Counted for model_tell_tally. */
void model_tally_status(hf_status status);
void model_tally_kind(int kind);
void model_tally_limits(const sheet *s);

#endif
