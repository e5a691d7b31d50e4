/* Concurrency Kit's hazard pointers: publish with a fence, read the pointer again, clear. */
#include "peers.h"

#include <ck_hp.h>
#include <stdlib.h>

typedef struct cell {
    uint64_t value;
} cell;

typedef struct place {
    cell *current; /* what a writer would swap and retire */
    cell first;
} place;

static ck_hp_t domain;
static _Thread_local ck_hp_record_t *record;

static void do_nothing(void *dead)
{
    (void)dead;
}

static void *place_make(void)
{
    place *made = malloc(sizeof(*made));
    if (made != NULL) {
        made->first.value = BENCH_VALUE;
        made->current = &made->first;
    }
    return made;
}

__attribute__((constructor)) static void domain_make(void)
{
    ck_hp_init(&domain, 1, 64, do_nothing);
}

/* Records cannot be freed while the domain lives: they are handed on from thread to thread. */
static void thread_begin(void)
{
    record = ck_hp_recycle(&domain);
    if (record != NULL)
        return;
    record = aligned_alloc(CK_MD_CACHELINE, sizeof(*record));
    void **pointers = aligned_alloc(CK_MD_CACHELINE, CK_MD_CACHELINE);
    if (record == NULL || pointers == NULL)
        abort();
    ck_hp_register(&domain, record, pointers);
}

static void thread_end(void)
{
    ck_hp_unregister(record);
}

static uint64_t place_loop(void *subject, uint64_t count)
{
    place *from = subject;
    ck_hp_record_t *mine = record;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        cell *held;
        from = bench_opaque_pointer(from);
        do {
            held = ck_pr_load_ptr(&from->current);
            ck_hp_set_fence(mine, 0, held);
        } while (ck_pr_load_ptr(&from->current) != held);
        sum += held->value;
        ck_pr_fence_release();
        ck_hp_set(mine, 0, NULL);
    }
    return sum;
}

const bench_peer bench_hazard_pointers = {.name = "ck-hazard-pointers",
                                          .make = place_make,
                                          .destroy = free,
                                          .loop = place_loop,
                                          .thread_begin = thread_begin,
                                          .thread_end = thread_end};
