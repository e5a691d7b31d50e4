/* A region of userspace RCU, inlined from its headers; included once for each flavour, with
 * RCU(function) the flavour's function, RCU_PEER the contestant's object, RCU_NAME its name. */
#include "peers.h"

#include <stdlib.h>

typedef struct cell {
    uint64_t value;
} cell;

typedef struct place {
    cell *current; /* what a writer would swap, to free the old one after a grace period */
    cell first;
} place;

static void *place_make(void)
{
    place *made = malloc(sizeof(*made));
    if (made != NULL) {
        made->first.value = BENCH_VALUE;
        made->current = &made->first;
    }
    return made;
}

static void thread_begin(void)
{
    RCU(register_thread)();
}

static void thread_end(void)
{
    RCU(unregister_thread)();
}

static uint64_t place_loop(void *subject, uint64_t count)
{
    place *from = subject;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        from = bench_opaque_pointer(from);
        RCU(read_lock)();
        sum += rcu_dereference(from->current)->value;
        RCU(read_unlock)();
    }
    return sum;
}

const bench_peer RCU_PEER = {.name = RCU_NAME,
                             .make = place_make,
                             .destroy = free,
                             .loop = place_loop,
                             .thread_begin = thread_begin,
                             .thread_end = thread_end};
