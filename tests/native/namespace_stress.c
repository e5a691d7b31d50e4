/* Owners of values, several threads at once: of two that enrol one value at least one is told;
 * nobody is ever told of a handle that does not hold the value. */
#include "core/owners.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>

enum { ROUNDS = 100000 };

/* A handle that tells which number it is for, and which life of it. */
static hf_handle handle_for(uint64_t number, uint64_t life)
{
    return (hf_handle){life << 8 | number << 1 | 1};
}

static unsigned number_of(hf_handle handle)
{
    return (unsigned)(handle.bits & 0xff) >> 1;
}

/* Two threads that meet here leave within nanoseconds of each other; a pthread_barrier would put
 * the one that comes first to sleep. */
typedef struct meeting {
    unsigned arrived;
    unsigned passed;
} meeting;

static void meet(meeting *place)
{
    unsigned round = __atomic_load_n(&place->passed, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&place->arrived, 1, __ATOMIC_ACQ_REL) == 2) {
        __atomic_store_n(&place->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&place->passed, round + 1, __ATOMIC_RELEASE);
        return;
    }
    for (unsigned spins = 1; __atomic_load_n(&place->passed, __ATOMIC_ACQUIRE) == round; spins++) {
        if (spins % 1000 == 0)
            sched_yield();
    }
}

/* ---- two owners of one value ---------------------------------------------------------------- */

typedef struct duel {
    hf_namespace name_space;
    meeting start, end;
    bool told[2];
    unsigned unaware; /* rounds in which neither was told */
    unsigned wrong;   /* answers that were not the other's handle */
} duel;

typedef struct duellist {
    duel *duel;
    unsigned side;
} duellist;

static void duel_round(const duellist *self, uint64_t round)
{
    duel *d = self->duel;
    hf_value value = round % 64;
    hf_handle mine = handle_for(value, round * 2 + self->side);
    hf_handle theirs = handle_for(value, round * 2 + 1 - self->side);
    meet(&d->start);
    hf_handle other = hf_owners_enrol(&d->name_space, value, mine, false);
    d->told[self->side] = !hf_handle_is_null(other);
    if (d->told[self->side] && !hf_handle_equal(other, theirs))
        __atomic_add_fetch(&d->wrong, 1, __ATOMIC_RELAXED);
    meet(&d->end);
    if (self->side == 0 && !d->told[0] && !d->told[1])
        d->unaware++;
    hf_owners_strike(&d->name_space, value, mine);
}

static void *duel_run(void *argument)
{
    for (uint64_t round = 1; round <= ROUNDS; round++)
        duel_round(argument, round);
    return NULL;
}

static void fight(duel *d)
{
    duellist sides[2] = {{d, 0}, {d, 1}};
    pthread_t opponent;
    cr_assert_eq(pthread_create(&opponent, NULL, duel_run, &sides[1]), 0);
    duel_run(&sides[0]);
    pthread_join(opponent, NULL);
    cr_expect_eq(d->unaware, 0, "%u rounds in which neither was told", d->unaware);
    cr_expect_eq(d->wrong, 0);
    cr_expect_eq(d->name_space.untracked, 0);
}

Test(namespace_stress, two_owners_at_once_are_never_both_unaware_small)
{
    static duel d = {.name_space = HF_NAMESPACE_INIT("small", HF_VALUES_SMALL)};
    fight(&d);
}

Test(namespace_stress, two_owners_at_once_are_never_both_unaware_sparse)
{
    static duel d = {.name_space = HF_NAMESPACE_INIT("sparse", HF_VALUES_SPARSE)};
    fight(&d);
}

/* ---- the first two owners of a namespace ---------------------------------------------------- */

enum { BIRTHS = 5000 };

static meeting birth_start, birth_end;
static hf_namespace newborn[BIRTHS]; /* zero: HF_VALUES_SPARSE */
static bool birth_told[BIRTHS][2];

static void *birth_run(void *argument)
{
    unsigned side = *(unsigned *)argument;
    for (size_t i = 0; i < BIRTHS; i++) {
        meet(&birth_start);
        hf_handle other = hf_owners_enrol(&newborn[i], 7, handle_for(7, side + 1), false);
        birth_told[i][side] = !hf_handle_is_null(other);
        meet(&birth_end);
    }
    return NULL;
}

Test(namespace_stress, two_threads_create_the_book_at_once)
{
    unsigned sides[2] = {0, 1};
    pthread_t opponent;
    cr_assert_eq(pthread_create(&opponent, NULL, birth_run, &sides[1]), 0);
    birth_run(&sides[0]);
    pthread_join(opponent, NULL);
    for (size_t i = 0; i < BIRTHS; i++) {
        cr_expect(birth_told[i][0] || birth_told[i][1], "namespace %zu", i);
        cr_expect_eq(newborn[i].untracked, 0);
    }
}

/* ---- no false alarms ---------------------------------------------------------------------------
 *
 * Workers open and close numbers that a small pool hands out, as the system does: a number is given
 * to one at a time, and recycled at once.  A worker strikes before it gives the number back.  So no
 * worker may ever be told of another owner, and a reader that looks on may be told of any life of
 * the value it asks for, but never of another value.  A stride of the namespace's size makes all
 * values compete for the same entries, so that an entry changes between values all the time. */

enum { NUMBERS = 12, WORKERS = 3, TURNS = 30000, ONE_WINDOW = 1 << 20 };

typedef struct pool {
    hf_namespace name_space;
    hf_value stride;
    uint64_t free_numbers; /* a bit each */
    uint64_t lives;
    unsigned false_alarms;
    unsigned misattributed;
    unsigned working;
} pool;

/* The lowest number that is free, as open() would choose; there are more numbers than workers. */
static unsigned pool_take(pool *p)
{
    uint64_t seen = __atomic_load_n(&p->free_numbers, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&p->free_numbers, &seen, seen & (seen - 1), false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    }
    return (unsigned)__builtin_ctzll(seen);
}

static void pool_give(pool *p, unsigned number)
{
    __atomic_fetch_or(&p->free_numbers, UINT64_C(1) << number, __ATOMIC_RELEASE);
}

static void *pool_work(void *argument)
{
    pool *p = argument;
    for (unsigned turn = 0; turn < TURNS; turn++) {
        unsigned number = pool_take(p);
        hf_value value = number * p->stride;
        hf_handle handle = handle_for(number, __atomic_add_fetch(&p->lives, 1, __ATOMIC_RELAXED));
        if (!hf_handle_is_null(hf_owners_enrol(&p->name_space, value, handle, false)))
            __atomic_add_fetch(&p->false_alarms, 1, __ATOMIC_RELAXED);
        hf_owners_strike(&p->name_space, value, handle);
        pool_give(p, number);
    }
    __atomic_sub_fetch(&p->working, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void pool_watch(pool *p)
{
    for (unsigned number = 0; __atomic_load_n(&p->working, __ATOMIC_ACQUIRE) != 0;
         number = (number + 1) % NUMBERS) {
        hf_value value = number * p->stride;
        hf_handle found = hf_owners_find(&p->name_space, value, HF_NULL_HANDLE, false);
        if (!hf_handle_is_null(found) && number_of(found) != number)
            p->misattributed++;
    }
}

static void work_and_watch(pool *p)
{
    pthread_t workers[WORKERS];
    p->free_numbers = (UINT64_C(1) << NUMBERS) - 1;
    p->working = WORKERS;
    for (size_t i = 0; i < WORKERS; i++)
        cr_assert_eq(pthread_create(&workers[i], NULL, pool_work, p), 0);
    pool_watch(p);
    for (size_t i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    cr_expect_eq(p->false_alarms, 0, "%u false alarms", p->false_alarms);
    cr_expect_eq(p->misattributed, 0, "%u readers misled", p->misattributed);
    cr_expect_eq(p->name_space.untracked, 0);
}

Test(namespace_stress, recycled_neighbours_raise_no_false_alarm)
{
    static pool p = {.name_space = HF_NAMESPACE_INIT("small", HF_VALUES_SMALL), .stride = 1};
    work_and_watch(&p);
}

Test(namespace_stress, recycled_values_of_one_window_raise_no_false_alarm)
{
    static pool p = {.name_space = HF_NAMESPACE_INIT("small", HF_VALUES_SMALL),
                     .stride = ONE_WINDOW};
    work_and_watch(&p);
}

Test(namespace_stress, recycled_pointers_raise_no_false_alarm)
{
    static pool p = {.name_space = HF_NAMESPACE_INIT("sparse", HF_VALUES_SPARSE), .stride = 64};
    work_and_watch(&p);
}
