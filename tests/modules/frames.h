/* Functions whose frames are of every shape that compilers make, in a module that is built without
 * frame pointers, by each compiler there is. */
#ifndef TESTS_MODULES_FRAMES_H
#define TESTS_MODULES_FRAMES_H

typedef void frames_callback(void *context);

typedef struct frames_way {
    const char *name;
    /* Calls back from `depth` frames further in. */
    void (*function)(frames_callback *callback, void *context, int depth);
} frames_way;

/* The module exports `frames_ways`, ended by a name that is NULL, and `frames_replaced`. */
typedef void frames_replaced_function(frames_callback *callback, void *context);

#endif
