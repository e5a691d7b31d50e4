/* The world of fake values.  `life` goes UNMADE -> ALIVE -> GONE and is exchanged, so that of two
 * releases of one value exactly one is counted as bad, whatever the timing. */
#include "fake.h"

#include <errno.h>
#include <stdlib.h>

#define CONTENT_GOOD   UINT64_C(0x600d600d600d600d)
#define CONTENT_POISON UINT64_C(0xdeaddeaddeaddead)

uintptr_t fake_thread(void)
{
    static _Thread_local char mark;
    return (uintptr_t)&mark;
}

static void end_life(fake_value *value)
{
    value->content = CONTENT_POISON;
    if (atomic_exchange_explicit(&value->life, FAKE_GONE, memory_order_relaxed) != FAKE_ALIVE)
        atomic_fetch_add_explicit(&value->world->bad_releases, 1, memory_order_relaxed);
}

static hf_outcome fake_release(hf_value raw, void *context, int32_t *error)
{
    fake_world *world = context;
    fake_value *value = fake_of(raw);
    if (world->on_release != NULL)
        world->on_release(value, world->argument);
    end_life(value);
    atomic_fetch_add_explicit(&value->releases, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&world->releases, 1, memory_order_relaxed);
    atomic_store_explicit(&value->releaser, fake_thread(), memory_order_relaxed);
    if (world->errno_left != 0)
        errno = world->errno_left;
    *error = world->error;
    return world->outcome;
}

static hf_status fake_duplicate(hf_value raw, void *context, hf_value *out)
{
    fake_world *world = context;
    fake_use(raw);
    if (world->on_duplicate != NULL)
        world->on_duplicate(fake_of(raw), world->argument);
    if (world->duplicate_answer != HF_OK)
        return world->duplicate_answer;
    *out = fake_make(world);
    atomic_fetch_add_explicit(&world->duplicates, 1, memory_order_relaxed);
    return HF_OK;
}

static void fake_unblock(hf_value raw, void *context)
{
    fake_world *world = context;
    fake_use(raw);
    atomic_fetch_add_explicit(&world->unblocks, 1, memory_order_relaxed);
    if (world->on_unblock != NULL)
        world->on_unblock(fake_of(raw), world->argument);
}

static void describe(fake_world *world, fake_kind kind, const char *name, uint32_t flags)
{
    world->types[kind] = (hf_type){.size = (uint32_t)sizeof(hf_type),
                                   .flags = flags,
                                   .name = name,
                                   .context = world,
                                   .release = fake_release,
                                   .duplicate = kind == FAKE_PLAIN ? NULL : fake_duplicate};
}

fake_world *fake_world_create(size_t capacity)
{
    fake_world *world = calloc(1, sizeof(*world) + capacity * sizeof(fake_value));
    if (world == NULL)
        abort();
    world->capacity = capacity;
    world->outcome = HF_OUTCOME_RELEASED;
    describe(world, FAKE_RUNDOWN, "fake", 0);
    describe(world, FAKE_UNTIL_RELEASED, "lenient fake", HF_TYPE_ADMIT_UNTIL_RELEASED);
    describe(world, FAKE_PLAIN, "plain fake", 0);
    return world;
}

void fake_world_unblocks(fake_world *world, fake_action action)
{
    for (int kind = 0; kind < FAKE_KINDS; kind++)
        world->types[kind].unblock = fake_unblock;
    world->on_unblock = action;
}

void fake_world_destroy(fake_world *world)
{
    free(world);
}

hf_value fake_make(fake_world *world)
{
    size_t number = atomic_fetch_add_explicit(&world->made, 1, memory_order_relaxed);
    if (number >= world->capacity)
        abort();
    fake_value *value = &world->values[number];
    value->world = world;
    value->content = CONTENT_GOOD;
    atomic_store_explicit(&value->releases, 0, memory_order_relaxed);
    atomic_store_explicit(&value->life, FAKE_ALIVE, memory_order_relaxed);
    return (hf_value)value;
}

void fake_use(hf_value raw)
{
    fake_value *value = fake_of(raw);
    if (value->content != CONTENT_GOOD)
        atomic_fetch_add_explicit(&value->world->bad_uses, 1, memory_order_relaxed);
}

void fake_give_back(hf_value raw)
{
    end_life(fake_of(raw));
}

void fake_world_reset(fake_world *world)
{
    atomic_store_explicit(&world->made, 0, memory_order_relaxed);
}

size_t fake_alive(const fake_world *world)
{
    size_t made = atomic_load_explicit(&world->made, memory_order_relaxed);
    size_t alive = 0;
    for (size_t i = 0; i < made; i++)
        alive += atomic_load_explicit(&world->values[i].life, memory_order_relaxed) == FAKE_ALIVE;
    return alive;
}

bool fake_world_is_sound(const fake_world *world)
{
    return atomic_load_explicit(&world->bad_releases, memory_order_relaxed) == 0 &&
           atomic_load_explicit(&world->bad_uses, memory_order_relaxed) == 0;
}
