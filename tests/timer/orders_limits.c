/* The orders of timers one question at a time: equal deadlines, crowded buckets, long times, room
 * that runs out, memory that is not to be had. */
#include "platform/platform.h"
#include "timer/order.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

enum { SECOND = 1000000, DAY_SECONDS = 86400, CROWD = 200000, HEAP = 0, WHEEL = 1, KINDS = 2 };

static const hf_timer_order *const kinds[KINDS] = {&hf_timer_heap, &hf_timer_wheel};

static bool is_valid(int kind, const void *order)
{
    return kind == HEAP ? hf_heap_is_valid(order) : hf_wheel_is_valid(order);
}

static void *made(int kind, uint64_t capacity, int64_t now_us)
{
    void *order = NULL;
    cr_assert_eq(kinds[kind]->create(capacity, now_us, &order), HF_OK);
    cr_assert_eq(kinds[kind]->reserve(order, capacity), HF_OK);
    return order;
}

static hf_timer_link *links_made(uint64_t count)
{
    hf_timer_link *links = calloc(count, sizeof(*links));
    cr_assert_not_null(links);
    return links;
}

static void insert(int kind, void *order, hf_timer_link *link, int64_t deadline_us)
{
    link->deadline_us = deadline_us;
    kinds[kind]->insert(order, link);
}

#define BOTH(suite, name)                 \
    static void suite##_##name(int kind); \
    Test(suite, name##_heap)              \
    {                                     \
        suite##_##name(HEAP);             \
    }                                     \
    Test(suite, name##_wheel)             \
    {                                     \
        suite##_##name(WHEEL);            \
    }                                     \
    static void suite##_##name(int kind)

/* ---- order ---------------------------------------------------------------------------------- */

/* One joins whenever the clock has come twice as near, so that those before it have moved. */
BOTH(order, equal_deadlines_in_the_order_of_insertion)
{
    enum { DIGITS = 50, BATCH = 3, ALL = DIGITS * BATCH };
    hf_timer_link links[ALL] = {{0}};
    int64_t deadline = (INT64_C(1) << 61) + 5;
    void *order = made(kind, ALL, 1);
    for (int i = 0; i < ALL; i++) {
        int64_t now = deadline - (INT64_C(1) << (60 - i / BATCH));
        cr_assert_null(kinds[kind]->expire(order, now));
        insert(kind, order, &links[i], deadline);
        cr_assert(is_valid(kind, order));
    }
    cr_assert_null(kinds[kind]->expire(order, deadline - 1));
    for (int i = 0; i < ALL; i++)
        cr_assert_eq(kinds[kind]->expire(order, deadline), &links[i], "%d", i);
    cr_assert_null(kinds[kind]->expire(order, deadline));
    kinds[kind]->destroy(order);
}

/* Falling deadlines that have all passed: the last in is always the first out. */
BOTH(order, overdue_in_falling_order)
{
    hf_timer_link *links = links_made(CROWD);
    void *order = made(kind, CROWD, CROWD + 1);
    for (int i = 0; i < CROWD; i++)
        insert(kind, order, &links[i], CROWD - i);
    cr_assert(is_valid(kind, order));
    cr_assert_eq(kinds[kind]->next_us(order), 1);
    for (int i = CROWD - 1; i >= 0; i--)
        cr_assert_eq(kinds[kind]->expire(order, CROWD + 1), &links[i]);
    kinds[kind]->destroy(order);
    free(links);
}

/* All in one far bucket, in no order at all; half of them are taken out again. */
BOTH(order, crowded_far_bucket)
{
    hf_timer_link *links = links_made(CROWD);
    void *order = made(kind, CROWD, 1);
    int64_t base = INT64_C(5) << 40;
    for (uint64_t i = 0; i < CROWD; i++)
        insert(kind, order, &links[i], base + (int64_t)(i * 7919 % CROWD));
    for (uint64_t i = 0; i < CROWD; i += 2)
        kinds[kind]->remove(order, &links[i]);
    cr_assert(is_valid(kind, order));
    cr_assert_null(kinds[kind]->expire(order, base - 1));
    int64_t last = base - 1;
    for (uint64_t i = 0; i < CROWD / 2; i++) {
        const hf_timer_link *link = kinds[kind]->expire(order, base + CROWD);
        cr_assert_not_null(link);
        cr_assert_eq((link - links) % 2, 1);
        cr_assert_gt(link->deadline_us, last);
        last = link->deadline_us;
    }
    cr_assert(is_valid(kind, order));
    cr_assert_eq(kinds[kind]->next_us(order), INT64_MAX);
    kinds[kind]->destroy(order);
    free(links);
}

BOTH(order, earliest_and_latest_moment)
{
    hf_timer_link links[4] = {{0}};
    void *order = made(kind, 4, 1);
    insert(kind, order, &links[0], INT64_MAX);
    insert(kind, order, &links[1], INT64_MIN);
    insert(kind, order, &links[2], INT64_MAX);
    insert(kind, order, &links[3], 0);
    cr_assert_eq(kinds[kind]->expire(order, 1), &links[1]);
    cr_assert_eq(kinds[kind]->expire(order, 1), &links[3]);
    cr_assert_null(kinds[kind]->expire(order, INT64_MAX - 1));
    cr_assert_eq(kinds[kind]->next_us(order), INT64_MAX);
    cr_assert_eq(kinds[kind]->expire(order, INT64_MAX), &links[0]);
    cr_assert_eq(kinds[kind]->expire(order, INT64_MAX), &links[2]);
    cr_assert_null(kinds[kind]->expire(order, INT64_MAX));
    kinds[kind]->destroy(order);
}

/* ---- time ----------------------------------------------------------------------------------- */

/* Timers of one second at odd phases, for a day, driven by next_us as a loop would. */
BOTH(time, day_of_one_second_periods)
{
    enum { PERIODIC = 12 };
    int64_t start = 1700000000123456;
    hf_timer_link links[PERIODIC] = {{0}};
    void *order = made(kind, PERIODIC, start);
    for (int i = 0; i < PERIODIC; i++)
        insert(kind, order, &links[i], start + (i + 1) * 71993 % SECOND);
    uint64_t calls = 0;
    uint64_t wakes = 0;
    for (int64_t now = start; now <= start + INT64_C(1) * DAY_SECONDS * SECOND; wakes++) {
        for (hf_timer_link *due; (due = kinds[kind]->expire(order, now)) != NULL; calls++) {
            cr_assert_eq(due->deadline_us, now, "called at its own moment, not later");
            insert(kind, order, due, now + SECOND);
        }
        now = kinds[kind]->next_us(order);
    }
    cr_assert_eq(calls, (uint64_t)PERIODIC * DAY_SECONDS);
    cr_assert_leq(wakes, 2 * calls);
    cr_assert(is_valid(kind, order));
    kinds[kind]->destroy(order);
}

/* A lone timer costs no wake but its own, however far it is. */
Test(time, few_timers_are_told_exactly)
{
    hf_timer_link links[5] = {{0}};
    void *order = made(WHEEL, 5, 1);
    for (int i = 0; i < 5; i++)
        insert(WHEEL, order, &links[i], (INT64_C(1) << 50) + 100000000 * (5 - i));
    cr_assert_eq(hf_timer_wheel.next_us(order), (INT64_C(1) << 50) + 100000000);
    cr_assert_null(hf_timer_wheel.expire(order, (INT64_C(1) << 50) + 1));
    cr_assert_eq(hf_timer_wheel.next_us(order), (INT64_C(1) << 50) + 100000000);
    hf_timer_wheel.destroy(order);
}

/* ---- room ----------------------------------------------------------------------------------- */

BOTH(room, more_than_the_capacity_is_refused)
{
    enum { CAPACITY = 1000 };
    static hf_timer_link links[CAPACITY];
    void *order = made(kind, CAPACITY, 1);
    cr_assert_eq(kinds[kind]->reserve(order, CAPACITY + 1), HF_E_NO_MEMORY);
    cr_assert_eq(kinds[kind]->reserve(order, UINT64_MAX), HF_E_NO_MEMORY);
    for (int i = 0; i < CAPACITY; i++)
        insert(kind, order, &links[i], i - CAPACITY / 2);
    cr_assert(is_valid(kind, order));
    for (int i = 0; i < CAPACITY; i++)
        cr_assert_eq(kinds[kind]->expire(order, CAPACITY), &links[i]);
    kinds[kind]->destroy(order);
}

BOTH(room, no_address_space)
{
    void *order = &order;
    cr_assert_eq(kinds[kind]->create(UINT64_MAX, 1, &order), HF_E_NO_ADDRESS_SPACE);
    cr_assert_eq(kinds[kind]->create(UINT64_MAX / 24 - 4096, 1, &order), HF_E_NO_ADDRESS_SPACE);
    cr_assert_eq(order, (void *)&order, "nothing was made");
}

/* The n-th allocation of a create fails, for each n. */
BOTH(room, create_without_memory)
{
    for (uint64_t nth = 1;; nth++) {
        void *order = NULL;
        (void)hf_os_fail_allocation(nth);
        hf_status status = kinds[kind]->create(1000, 1, &order);
        uint64_t calls = hf_os_fail_allocation(0);
        if (calls < nth) {
            cr_assert_eq(status, HF_OK);
            cr_assert_gt(nth, 2);
            kinds[kind]->destroy(order);
            return;
        }
        cr_assert(status == HF_E_NO_MEMORY || status == HF_E_NO_ADDRESS_SPACE);
        cr_assert_null(order);
    }
}

BOTH(room, reserve_without_memory_changes_nothing)
{
    enum { MANY = 100000 };
    hf_timer_link *links = links_made(MANY);
    void *order = NULL;
    cr_assert_eq(kinds[kind]->create(MANY, 1, &order), HF_OK);
    cr_assert_eq(kinds[kind]->reserve(order, 2), HF_OK);
    insert(kind, order, &links[0], 20);
    insert(kind, order, &links[1], 0);
    (void)hf_os_fail_allocation(1);
    cr_assert_eq(kinds[kind]->reserve(order, MANY), HF_E_NO_MEMORY);
    cr_assert(is_valid(kind, order));
    cr_assert_eq(kinds[kind]->next_us(order), 0);
    cr_assert_eq(kinds[kind]->reserve(order, MANY), HF_OK);
    for (int i = 2; i < MANY; i++)
        insert(kind, order, &links[i], i % 2 != 0 ? -i : 20 + i);
    cr_assert(is_valid(kind, order));
    cr_assert_eq(kinds[kind]->expire(order, 20), &links[MANY - 1]);
    kinds[kind]->destroy(order);
    free(links);
}

BOTH(room, grows_link_by_link)
{
    enum { MANY = 20000 };
    hf_timer_link *links = links_made(MANY);
    void *order = NULL;
    cr_assert_eq(kinds[kind]->create(MANY, 1, &order), HF_OK);
    for (int i = 0; i < MANY; i++) {
        cr_assert_eq(kinds[kind]->reserve(order, (uint64_t)i + 1), HF_OK);
        insert(kind, order, &links[i], -i);
    }
    cr_assert(is_valid(kind, order));
    kinds[kind]->destroy(order);
    free(links);
}

static uint64_t address_space_used(void)
{
    unsigned long long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    cr_assert_not_null(statm);
    cr_assert_eq(fscanf(statm, "%llu", &pages), 1);
    (void)fclose(statm);
    return pages * hf_os_page_size();
}

/* Each of these reserves 400 MB, also those that fail later on. */
BOTH(room, address_space_is_given_back)
{
    uint64_t before = address_space_used();
    for (uint64_t nth = 1; nth <= 5; nth++) {
        void *order = NULL;
        (void)hf_os_fail_allocation(nth);
        if (kinds[kind]->create(UINT64_C(1) << 24, 1, &order) == HF_OK)
            kinds[kind]->destroy(order);
    }
    (void)hf_os_fail_allocation(0);
    cr_assert_lt(address_space_used() - before, UINT64_C(100000000));
}

BOTH(room, reserve_again_costs_no_allocation)
{
    void *order = made(kind, 100000, 1);
    (void)hf_os_fail_allocation(0);
    for (uint64_t count = 0; count <= 100000; count++)
        cr_assert_eq(kinds[kind]->reserve(order, count), HF_OK);
    cr_assert_eq(hf_os_fail_allocation(0), 0);
    kinds[kind]->destroy(order);
}

BOTH(room, destroyed_with_links_inside)
{
    hf_timer_link links[3] = {{0}};
    void *order = made(kind, 3, 100);
    for (int i = 0; i < 3; i++)
        insert(kind, order, &links[i], i * 100);
    kinds[kind]->destroy(order);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(links[i].deadline_us, i * 100);
    order = made(kind, 3, 100);
    for (int i = 0; i < 3; i++)
        insert(kind, order, &links[i], i * 100);
    cr_assert_eq(kinds[kind]->expire(order, 100), &links[0]);
    kinds[kind]->destroy(order);
}
