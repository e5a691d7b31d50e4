/* The order of timers by their deadlines, as an interface: a binary heap, a hierarchical wheel, or
 * your own.
 *
 * The queue calls these functions under its lock, one at a time; they must not call the library.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_TIMER_ORDER_H
#define HOLDFAST_TIMER_ORDER_H

#include <holdfast/status.h>

HF_BEGIN_DECLS

/* A timer as its order sees it: embedded in the queue's node, which stays where it is as long as
 * the queue lives.  The queue sets deadline_us before insert and leaves it alone until the link is
 * out again; the other words are the order's, zero before a link's first insert. */
typedef struct hf_timer_link {
    int64_t deadline_us;
    struct hf_timer_link *next;
    struct hf_timer_link *previous;
    uint64_t place;
} hf_timer_link;

typedef struct hf_timer_order {
    uint32_t size; /* sizeof(hf_timer_order) */
    uint32_t reserved;
    const char *name;

    /* Makes an empty order for at most `capacity` links, whose time is now_us.  Errors: NO_MEMORY,
     * NO_ADDRESS_SPACE. */
    hf_status (*create)(uint64_t capacity, int64_t now_us, void **order);
    void (*destroy)(void *order);

    /* Makes sure that `count` links in all fit, so that insert cannot fail.  May allocate.
     * Errors: NO_MEMORY, also for more than the capacity; then nothing has changed. */
    hf_status (*reserve)(void *order, uint64_t count);

    /* Puts a link in; its deadline may have passed already. */
    void (*insert)(void *order, hf_timer_link *link);

    /* Takes a link out that is in. */
    void (*remove)(void *order, hf_timer_link *link);

    /* Takes out and answers the link with the earliest deadline if that is <= now_us, else NULL;
     * of equal deadlines the one that was inserted first.  now_us never goes back. */
    hf_timer_link *(*expire)(void *order, int64_t now_us);

    /* A moment not after the earliest deadline; INT64_MAX when the order is empty.  Unless
     * something due has come in since, it is after the last now_us for which expire answered NULL.
     * Need not be exact: expire at that moment answers a link, or next_us is later from then on. */
    int64_t (*next_us)(const void *order);
} hf_timer_order;

/* Arm and cancel in logarithmic time; next_us is exact. */
extern HF_API const hf_timer_order hf_timer_heap;

/* Arm and cancel in constant time, expire in amortised constant time: one call may have to look at
 * all links whose deadlines are far off by about the same.  next_us is exact while few links are
 * near.  The default. */
extern HF_API const hf_timer_order hf_timer_wheel;

HF_END_DECLS

#endif
