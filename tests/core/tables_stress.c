/* Tables created, used and destroyed by several threads at once: each has a table of its own, of
 * the shape that it asked for, and no two that live have the same secret. */
#include "fixture.h"
#include "spin_barrier.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 3000, TYPES_ROUNDS = 1000 };

TestSuite(tables_stress, .init = reports_start);

typedef struct worker {
    pthread_t thread;
    spin_barrier *barrier;
    fake_world *world;
    uint64_t first; /* of this round's table: the same slot, generation and type in every one */
    hf_table *table;
} worker;

static worker workers[THREADS];
static _Atomic unsigned same;

static bool is_unique(const worker *self)
{
    for (const worker *other = workers; other < workers + THREADS; other++)
        if (other != self && (other->first == self->first || other->table == self->table))
            return false;
    return true;
}

static void create_and_destroy(worker *self, unsigned round)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.capacity_slots = (round + (unsigned)(self - workers)) % 2 != 0 ? 4000 : 9000;
    options.seed = 42; /* they all want the same secret */
    spin_barrier_wait(self->barrier);
    self->table = fixture_create(&options);
    hf_handle handle = fixture_open(self->table, self->world, FAKE_PLAIN);
    self->first = handle.bits;
    spin_barrier_wait(self->barrier);
    if (!is_unique(self))
        atomic_fetch_add(&same, 1);
    spin_barrier_wait(self->barrier);
    cr_assert_eq(fixture_close(self->table, handle), HF_OUTCOME_RELEASED);
    hf_table_destroy(self->table);
}

static void *create_many(void *argument)
{
    for (unsigned round = 0; round < ROUNDS; round++)
        create_and_destroy(argument, round);
    return NULL;
}

static void run(void *(*body)(void *), spin_barrier *barrier)
{
    for (worker *each = workers; each < workers + THREADS; each++) {
        *each = (worker){.barrier = barrier, .world = fake_world_create(ROUNDS)};
        cr_assert_eq(pthread_create(&each->thread, NULL, body, each), 0);
    }
    for (worker *each = workers; each < workers + THREADS; each++) {
        pthread_join(each->thread, NULL);
        cr_assert(fake_world_is_sound(each->world));
        cr_assert_eq(fake_alive(each->world), 0);
        fake_world_destroy(each->world);
    }
}

Test(tables_stress, created_at_once)
{
    spin_barrier barrier = {.threads = THREADS};
    run(create_many, &barrier);
    cr_assert_eq(same, 0, "two tables had one secret %u times", same);
    cr_assert_eq(reports_total(), 0);
}

/* ---- the first types of a table ------------------------------------------------------------- */

static hf_table *shared;

/* Each brings a type of its own: whichever becomes the plain one, every value goes to its type. */
static void bring_type(worker *self)
{
    hf_handle handles[3];
    if (self == workers)
        shared = fixture_table(HF_PROTECT_ADAPTIVE);
    spin_barrier_wait(self->barrier);
    for (unsigned i = 0; i < 3; i++)
        handles[i] = fixture_open(shared, self->world, FAKE_PLAIN);
    for (unsigned i = 0; i < 3; i++) {
        cr_assert_eq(fixture_info(shared, handles[i]).type, &self->world->types[FAKE_PLAIN]);
        cr_assert_eq(fixture_close(shared, handles[i]), HF_OUTCOME_RELEASED);
    }
    spin_barrier_wait(self->barrier);
    fake_world_reset(self->world);
    if (self == workers)
        hf_table_destroy(shared);
}

static void *bring_types(void *argument)
{
    for (unsigned round = 0; round < TYPES_ROUNDS; round++)
        bring_type(argument);
    return NULL;
}

Test(tables_stress, first_types_at_once)
{
    spin_barrier barrier = {.threads = THREADS};
    run(bring_types, &barrier);
    cr_assert_eq(reports_total(), 0);
}
