/* What the tests of deadlocks share: players, and what a report of a cycle must say. */
#ifndef TESTS_DEADLOCK_SUPPORT_H
#define TESTS_DEADLOCK_SUPPORT_H

#include "actor.h"
#include "stage.h"

enum { PLAYERS = 40 };

/* A thread, with the one handle that it is in a region of, and the one that it waits for. */
typedef struct player {
    actor *who;
    hf_table *held_table;
    hf_handle held;
    hf_region region;
    hf_table *awaited_table;
    hf_handle awaited;
    hf_timeout timeout;
    hf_status status;
    hf_close_result result;
} player;

extern player players[PLAYERS];

/* Two tables, by what their regions are. */
extern hf_table *counted;
extern hf_table *hazard;

/* For suites. */
void deadlock_begin(void);
void deadlock_end(void);

/* For actors whose argument is a player: waits for what it is to wait for. */
void close_wait_task(void *player);
void wait_task(void *player);

/* A thread inside a region of a handle; in none if the table is NULL. */
player *play(int number, hf_table *table, hf_handle handle);

/* The player waits, and is seen to have closed what it waits for. */
void blocks(player *p, hf_table *table, hf_handle handle);

/* The player is refused, and nothing has changed. */
void is_refused(player *p, hf_table *table, hf_handle handle);

/* It leaves, and whoever waited for it gets on. */
void leaves(player *p);
void got_on(player *p);
void ends(player *p);

/* A wait inside a function of a type. */
typedef struct order {
    hf_table *table;
    hf_handle handle;
    hf_status status;
    unsigned times;
} order;

/* For the world's functions, whose argument is an order: waits, the first time. */
void wait_inside(fake_value *value, void *order);

/* The one report that there is. */
const report_copy *the_report(void);

/* The list is a cycle: each waits for what the next one holds (or for a parent of it), from the
 * thread that was refused on. */
const report_copy *reported_cycle(unsigned length);
void each_waits_for_the_next(const report_copy *report);

#endif
