/* The scenes that are explored. */
#ifndef FUZZ_EXPLORE_H
#define FUZZ_EXPLORE_H

#include "scene.h"

typedef struct scene_named {
    const char *name;
    unsigned fewer; /* preemptions than are asked for: there are many steps */
    scene scene;
} scene_named;

/* Ends with one without a name. */
extern const scene_named scene_list[];

#endif
