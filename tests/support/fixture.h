/* What nearly every core test needs: a table, a world, and short ways to ask about a handle.  Each
 * function asserts that what it does works. */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include <criterion/criterion.h>

#include "fake.h"
#include "reports.h"

/* Asserts what a call answers. */
#define MUST(call, expected)                                                                       \
    do {                                                                                           \
        hf_status answer_ = (call);                                                                \
        cr_assert(answer_ == (expected), "%s answered %s, not %s", #call, hf_status_name(answer_), \
                  #expected);                                                                      \
    } while (0)
#define MUST_OK(call) MUST(call, HF_OK)

/* Uses of a handle after which it has surely proved hot. */
enum { FIXTURE_HOT_USES = 1500 };

static inline hf_table_options fixture_options(hf_reuse reuse, hf_protection protection)
{
    return (hf_table_options){.size = (uint32_t)sizeof(hf_table_options),
                              .reuse = reuse,
                              .protection = protection,
                              .level = HF_LEVEL_COUNTERS,
                              .capacity_slots = 4096,
                              .name = "test table"};
}

hf_table *fixture_create(const hf_table_options *options);

/* A table with the options above: slots are reused last-in first-out. */
hf_table *fixture_table(hf_protection protection);

/* The end of a world: by now each value must have been given back exactly once. */
void fixture_end(fake_world *world);

/* A handle of a new value of the world. */
hf_handle fixture_open(hf_table *table, fake_world *world, fake_kind kind);
hf_handle fixture_borrow(hf_table *table, fake_world *world, hf_value value);
hf_handle fixture_child(hf_table *table, fake_world *world, hf_handle parent);

/* Enters and leaves until the handle has proved hot. */
void fixture_heat(hf_table *table, hf_handle handle);

hf_info fixture_info(hf_table *table, hf_handle handle);
hf_life fixture_life(hf_table *table, hf_handle handle);
hf_table_stats fixture_stats(const hf_table *table);

/* Waits until another thread has closed the handle, which may still be held. */
void fixture_until_closed(hf_table *table, hf_handle handle);

/* Closes and answers the outcome. */
hf_outcome fixture_close(hf_table *table, hf_handle handle);

/* Two handles of the same slot and table differ above this many bits only. */
#define FIXTURE_SLOT_MASK UINT64_C(0x7fffffff)

static inline bool fixture_same_slot(hf_handle left, hf_handle right)
{
    return ((left.bits ^ right.bits) & FIXTURE_SLOT_MASK) == 0;
}

#endif
