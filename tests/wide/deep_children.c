/* A chain of ten thousand children, each the parent of the next, ends without deep recursion. */
#include "actor.h"
#include "fixture.h"

#include <pthread.h>

enum { DEPTH = 10000 };

static hf_table *table;
static fake_world *world;
static hf_handle chain[DEPTH];

static void set_up(void)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.capacity_slots = 2 * DEPTH;
    reports_start();
    world = fake_world_create(DEPTH);
    table = fixture_create(&options);
    chain[0] = fixture_open(table, world, FAKE_RUNDOWN);
    for (int i = 1; i < DEPTH; i++)
        chain[i] = fixture_child(table, world, chain[i - 1]);
}

static void tear_down(void)
{
    hf_table_destroy(table);
    cr_assert(fake_world_is_sound(world));
    cr_assert_eq(world->releases, DEPTH);
    fake_world_destroy(world);
}

TestSuite(deep_children, .init = set_up, .fini = tear_down);

static void *close_the_last(void *argument)
{
    (void)argument;
    cr_assert_eq(fixture_close(table, chain[DEPTH - 1]), HF_OUTCOME_RELEASED);
    return NULL;
}

/* On a small stack, which deep recursion would overflow. */
Test(deep_children, closed_from_the_top_released_from_the_bottom)
{
    pthread_t thread;
    pthread_attr_t attributes;
    for (int i = 0; i < DEPTH - 1; i++)
        cr_assert_eq(fixture_close(table, chain[i]), HF_OUTCOME_DEFERRED);
    cr_assert_eq(world->releases, 0);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    cr_assert_eq(pthread_create(&thread, &attributes, close_the_last, NULL), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    cr_assert_eq(world->releases, DEPTH);
    cr_assert_eq(fixture_stats(table).live, 0);
}

Test(deep_children, closed_all_at_once)
{
    MUST_OK(hf_close_many(table, chain, DEPTH, NULL));
    cr_assert_eq(world->releases, DEPTH);
}

Test(deep_children, shut_down)
{
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    cr_assert_eq(world->releases, DEPTH);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 0);
}

Test(deep_children, destroyed)
{
    hf_table_destroy(table);
    cr_assert_eq(world->releases, DEPTH);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 0);
    table = NULL;
}
