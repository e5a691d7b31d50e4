/* Scenes: one table and one handle in a given state, which is the other axis of the state matrix.
 */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include "fixture.h"

/* X(NAME): the states that a handle can be in when an operation meets it. */
#define SCENE_STATES(X)                                                    \
    X(NULL_HANDLE)     /* zero */                                          \
    X(FORGED)          /* no table's */                                    \
    X(FORGED_EVEN)     /* an aligned pointer */                            \
    X(FOREIGN)         /* another table's, open there */                   \
    X(STALE)           /* closed; its slot is free */                      \
    X(REUSED)          /* closed; its slot belongs to another handle */    \
    X(RESERVED)        /* without a value */                               \
    X(COLD)            /* open, counted */                                 \
    X(HOT)             /* open, hazard mode */                             \
    X(COLD_ENTERED)    /* this thread is in a counted region of it */      \
    X(HOT_ENTERED)     /* this thread is in a hazard region of it */       \
    X(REFERENCED)      /* held by a reference */                           \
    X(PARENT)          /* held by a child */                               \
    X(CLOSING)         /* closed while a reference holds it */             \
    X(CLOSING_ENTERED) /* closed while this thread is in a region of it */ \
    X(CLOSING_PARENT)  /* closed while a child holds it */                 \
    X(LENIENT)         /* as CLOSING, but its type admits until released */

typedef enum scene_state {
#define SCENE_ENUMERATOR(name) SCENE_##name,
    SCENE_STATES(SCENE_ENUMERATOR)
#undef SCENE_ENUMERATOR
        SCENE_COUNT
} scene_state;

typedef struct scene {
    scene_state state;
    bool borrowed;
    fake_world *world;
    hf_table *table;
    hf_table *other;
    const hf_type *type; /* of the handle */
    hf_value value;      /* of the handle, or 0 */
    hf_handle handle;
    hf_handle innocent; /* REUSED: the new owner of the slot */
    hf_handle child;
    hf_region region;
    hf_ref ref;
    unsigned called;       /* for what a test counts */
    fake_world *strangers; /* a world of another type, in use in the same table */
} scene;

const char *scene_name(scene_state state);
void scene_build(scene *on, scene_state state, bool borrowed);

/* Ends what holds the handle. */
void scene_let_go(scene *on);

/* Lets go, destroys everything and checks that each value was given back exactly once. */
void scene_strike(scene *on);

#endif
