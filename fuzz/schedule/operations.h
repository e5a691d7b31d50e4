/* What threads of a scene do. */
#ifndef FUZZ_OPERATIONS_H
#define FUZZ_OPERATIONS_H

#include "scene.h"

enum { ACTOR_REGIONS = 3 };

/* A thread of the scene. */
typedef struct actor {
    hf_region regions[ACTOR_REGIONS];
    hf_handle entered[ACTOR_REGIONS]; /* of which handles they are; null: of none */
    unsigned callbacks;               /* of dispatches that run */
    hf_handle subject;                /* of the operation that it is in */
    bool waits;                       /* inside an operation that waits */
    bool to_be_woken;                 /* see wait_begins */
    hf_status last_wait;
} actor;

/* The stage, for all threads. */
typedef struct stage {
    const scene *scene;
    fake_world *world;
    hf_table *table;
    hf_group *group;
    hf_handle handles[SCENE_HANDLES];
    hf_ref references[SCENE_REFERENCES]; /* of whoever takes one out */
    actor actors[SCHEDULE_THREADS];
    unsigned refused_waits;
    unsigned timed_out;
    unsigned abandoned; /* regions in which threads ended */
} stage;

extern stage the_stage;

#define OPERATION_DECLARED(NAME, name, waits, function) \
    void operation_##function(const scene_operation *what);
SCENE_OPERATIONS_LIST(OPERATION_DECLARED)
#undef OPERATION_DECLARED

/* Does an operation on behalf of the running thread. */
void operation_do(const scene_operation *what);

const char *operation_name(const scene_operation *what);

/* Opens a handle as it is to be when the threads begin. */
hf_handle act_begin(scene_beginning beginning);

/* Leaves, or gives up, the regions of a thread that ends. */
void act_leave_all(actor *self);

/* Gives back all references. */
void act_release_all(void);

#endif
