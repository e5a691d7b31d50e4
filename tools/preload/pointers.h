/* From a FILE * or DIR * to its last handle, as numbers.h does for descriptors.
 *
 * A pointer that was never seen opened is *unknown*: nothing is reported of it, and it is never
 * dereferenced.  The index has a fixed size.  Where it is full, pointers whose streams were closed
 * make room first; if there is none, a new one stays unknown.
 *
 * Lock-free; any thread.  Only the thread that was just given the pointer by the C library takes a
 * cell for it; a pointer's cell stays its own as long as its handle is live. */
#ifndef RUN_POINTERS_H
#define RUN_POINTERS_H

#include <stdbool.h>
#include <stdint.h>

#include <holdfast/holdfast.h>

#include "numbers.h"

typedef struct run_pointer {
    uint64_t key;             /* the pointer; 0: empty */
    uint64_t handle;          /* bits of its last handle; 0: none; 1: somebody is writing to it */
    uint64_t descriptor_life; /* bits of the handle of the descriptor that it owns; 0: unknown */
    uint64_t kept;            /* bits of the last handle in this cell, even another pointer's: the
                                 next one takes its slot.  Only for who takes the cell. */
    const hf_type *type;      /* of the handle */
    int32_t descriptor;       /* -1: it owns none */
    uint8_t life;             /* which of the two texts is this life's */
    bool told;                /* that its descriptor was closed by somebody else */
    bool lists_descriptors;   /* a directory whose entries are this process's descriptors */
    char what[2][RUN_WHAT_BYTES];
} run_pointer;

/* A copy of what is known of a pointer, but for the texts. */
typedef struct run_pointer_view {
    run_pointer *cell;
    hf_handle handle;
    hf_handle descriptor_life;
    const hf_type *type;
    int descriptor;
    bool told;
    bool lists_descriptors;
} run_pointer_view;

/* False: unknown. */
bool run_pointer_look_up(const void *pointer, run_pointer_view *view);

/* The pointer's cell, old or new; NULL: no room.  It is the caller's alone, and the pointer
 * unknown, until he publishes.  *last is the handle of the pointer's last life, if the cell had it.
 */
run_pointer *run_pointer_take(const void *pointer, hf_handle *last);

/* Publishes what the taken cell says of a new life, or of none (null handle). */
void run_pointer_publish(run_pointer *cell, hf_handle handle);

/* The pointer is unknown again, unless it has begun another life meanwhile. */
void run_pointer_forget(const run_pointer_view *view);

#endif
