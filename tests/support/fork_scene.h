/* What tests of fork share: a small table, a world, a second thread, and what a child must be able
 * to do at its end. */
#ifndef TESTS_FORK_SCENE_H
#define TESTS_FORK_SCENE_H

#include "actor.h"
#include "fixture.h"
#include "forked.h"
#include "stopped.h"

#include <stdio.h>

enum { FORK_SLOTS = 64 };

typedef struct fork_scene {
    fake_world *world;
    hf_table *table;
    actor *other;
    hf_handle handle;
    hf_value value; /* of the handle */
    hf_region region;
    hf_ref ref;
    stopping_place place;
} fork_scene;

extern fork_scene scene_now;

/* In a child: what does not hold is told, and ends it. */
#define HOLDS(condition)                                                           \
    do {                                                                           \
        if (!(condition)) {                                                        \
            fprintf(stderr, "child, %s:%d: %s\n", __FILE__, __LINE__, #condition); \
            return 1;                                                              \
        }                                                                          \
    } while (0)

/* Forks; the child does the check, whose answer 0 is good. */
#define CHILD_MUST(check) cr_expect_eq(forked((check), NULL), 0)

void fork_scene_begin(void);
void fork_scene_end(void);

/* Opens the scene's handle. */
void fork_scene_open(fake_kind kind);

/* How often a value was released, and whether its handle's life is over. */
unsigned releases_of(hf_value value);
bool is_stale(hf_handle handle);

/* Closes the scene's handle: what became of it. */
hf_outcome close_now(void);

/* Whether exactly so many slots are free, each for one handle. */
bool has_free_slots(unsigned wanted);

/* What every child must be able to do at its end: to open as many handles as there are slots, and
 * to shut the table down without waiting and without a finding but leaks. */
bool ends_well(void);

/* For the world's functions: stops at the place that is the argument, the first time. */
void stop_in_action(fake_value *of, void *argument);

/* Forks inside of a function, which goes on in both processes; the parent waits for the child
 * first, and has its status as by waitpid.  Who is inside of it asks afterwards where he is. */
extern bool in_child;
extern int child_status;
void fork_and_go_on(void);

/* The same, for the world's functions: the first time. */
void fork_in_action(fake_value *of, void *argument);

/* In a child: the scene's handle, which is reserved there, can be committed, and all ends well. */
int can_be_committed(void *unused);

/* For an actor: closes the scene's handle; enters and leaves the scene's region. */
void close_it(void *argument);
void enter_it(void *argument);
void leave_it(void *argument);

#endif
