/* What the tests of groups share: a group whose members are in two tables, and threads that use and
 * drain it. */
#ifndef TESTS_GROUPS_SUPPORT_H
#define TESTS_GROUPS_SUPPORT_H

#include "actor.h"
#include "stage.h"

/* Beside the stage's table, whose handles are adaptive: its regions are hazards. */
extern hf_table *other_table;
extern hf_group *the_group;

/* For suites. */
void groups_begin(void);
void groups_end(void);

/* Options to open a member of a group with. */
hf_open_options member_options(hf_group *of);

/* A new member: of any group and kind, or of the group. */
hf_handle open_kind(hf_table *where, hf_group *of, fake_kind kind);
hf_handle open_member(hf_table *where);

/* What opening a new value in the stage's table answers; refused, the value is given back. */
hf_status try_open(const hf_open_options *options);

/* A region of another thread's, and the tasks that enter and leave it. */
typedef struct visit {
    hf_table *table;
    hf_handle handle;
    hf_region region;
} visit;

void enter_task(void *visit);
void leave_task(void *visit);

/* The group is drained by another thread, with the task below. */
typedef struct drain {
    hf_timeout timeout;
    hf_status status;
    uintptr_t thread;
} drain;

void drain_task(void *drain);

#endif
