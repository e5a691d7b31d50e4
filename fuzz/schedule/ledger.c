#include "ledger.h"

#include <string.h>

#include "points.h"

static fake_world *world;
static entry entries[LEDGER_ENTRIES];
static size_t count;
static uint32_t holders[LEDGER_VALUES];
static int64_t left_at[LEDGER_VALUES]; /* by the last holder */

void ledger_begin(fake_world *of)
{
    world = of;
    count = 0;
    memset(entries, 0, sizeof entries);
    memset(holders, 0, sizeof holders);
    memset(left_at, 0, sizeof left_at);
    fake_world_reset(of);
}

/* Room for what all threads may be opening, and duplicating, at this moment. */
bool ledger_has_room(void)
{
    size_t made = atomic_load_explicit(&world->made, memory_order_relaxed);
    return count + 2 * SCHEDULE_THREADS < LEDGER_ENTRIES &&
           made + 2 * SCHEDULE_THREADS < LEDGER_VALUES;
}

entry *ledger_add(hf_handle handle, hf_value value)
{
    if (hf_handle_is_null(handle))
        schedule_fail("a null handle was issued");
    if (ledger_find(handle) != NULL)
        schedule_fail("a handle value was issued twice");
    entry *made = &entries[count++];
    *made = (entry){.handle = handle, .value = value};
    return made;
}

entry *ledger_find(hf_handle handle)
{
    for (size_t i = 0; i < count; i++)
        if (hf_handle_equal(entries[i].handle, handle))
            return &entries[i];
    return NULL;
}

entry *ledger_at(size_t number)
{
    return &entries[number];
}

size_t ledger_size(void)
{
    return count;
}

void ledger_close(entry *of)
{
    of->closed = true;
    if (++of->closers > 1)
        schedule_fail("two calls have closed the same handle");
}

static void expect_sound(void)
{
    if (!fake_world_is_sound(world))
        schedule_fail("a value was released twice, or used after its release");
}

/* ---- values --------------------------------------------------------------------------------- */

static uint32_t *holders_of(const fake_value *value)
{
    uintptr_t place = (uintptr_t)value - (uintptr_t)world->values;
    if (place >= LEDGER_VALUES * sizeof *value)
        schedule_fail("somebody was given what is no value");
    return &holders[value - world->values];
}

void ledger_hold(hf_value value)
{
    ++*holders_of(fake_of(value));
}

void ledger_unhold(hf_value value)
{
    uint32_t *of = holders_of(fake_of(value));
    --*of;
    left_at[of - holders] = schedule_now_ns();
}

bool ledger_is_held(hf_value value)
{
    return *holders_of(fake_of(value)) != 0;
}

bool ledger_was_idle(hf_value value, int64_t ns)
{
    const uint32_t *of = holders_of(fake_of(value));
    return *of == 0 && schedule_now_ns() - left_at[of - holders] >= ns;
}

void ledger_bind(entry *child, const entry *parent)
{
    if (parent->value == 0)
        return;
    child->above = parent->value;
    ledger_hold(child->above);
    ledger_use(child->above);
}

void ledger_unbind(entry *child)
{
    if (child->above != 0)
        ledger_unhold(child->above);
    child->above = 0;
}

static void unbind_value(const fake_value *value)
{
    for (size_t i = 0; i < count; i++)
        if (entries[i].value == (hf_value)value)
            ledger_unbind(&entries[i]);
}

void ledger_use(hf_value value)
{
    fake_use(value);
    schedule_point(fake_of(value), false, "the use of a value");
    fake_use(value);
    expect_sound();
}

static bool is_gone(const fake_value *value)
{
    return atomic_load_explicit(&value->life, memory_order_relaxed) == FAKE_GONE;
}

void ledger_expect_gone(hf_value value)
{
    if (value != 0 && !is_gone(fake_of(value)))
        schedule_fail("the value is not released yet");
}

void ledger_release(const fake_value *value)
{
    if (*holders_of(value) != 0)
        schedule_fail("a value is released while somebody holds it");
    unbind_value(value);
    schedule_point(value, true, "the release function");
    if (*holders_of(value) != 0)
        schedule_fail("somebody holds a value that is being released");
}

void ledger_end(void)
{
    expect_sound();
    if (fake_alive(world) != 0)
        schedule_fail("%zu values were never released", fake_alive(world));
    for (size_t i = 0; i < count; i++)
        if (entries[i].awaited != 0)
            schedule_fail("a completion was never called");
}
