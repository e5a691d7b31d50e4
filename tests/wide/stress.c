/* Storms over the ordinary library: regions and references against close, rundown and detach, with
 * values that are poisoned at release.  No use after release, no second release, none forgotten. */
#include <criterion/criterion.h>

#include "storm.h"

enum {
    HOLDING = STORM_REGIONS | STORM_REFERENCES,
    CLOSING = STORM_CLOSE | STORM_CLOSE_MANY | STORM_CLOSE_WAIT,
    EVERYTHING = HOLDING | CLOSING | STORM_DETACH | STORM_CHILDREN | STORM_INSPECT
};

/* Two threads and few steps: rounds are short, so that the end of a handle is met most often. */
static storm_options short_rounds(hf_protection protection, unsigned actions)
{
    return (storm_options){.actions = actions,
                           .threads = 2,
                           .handles = 1,
                           .steps = 6,
                           .max_rounds = 400000,
                           .milliseconds = 1500,
                           .protection = protection,
                           .kind = FAKE_RUNDOWN};
}

static storm_options long_rounds(hf_protection protection, unsigned actions)
{
    storm_options options = short_rounds(protection, actions);
    options.threads = 4;
    options.handles = 5;
    options.steps = 300;
    options.max_rounds = 4000;
    return options;
}

static void weather(storm_options options)
{
    storm_result result = storm_run(&options);
    cr_assert_eq(result.surprises, 0, "%s (round %llu)", result.first_surprise,
                 (unsigned long long)result.rounds);
    cr_assert_eq(result.bad_uses, 0, "used after release");
    cr_assert_eq(result.bad_releases, 0, "released twice");
    cr_assert_eq(result.misuse_reports, 0, "findings that cannot be");
    cr_assert_gt(result.entered, 0);
    cr_assert_gt(result.refused, 0);
}

Test(stress, regions_and_close_counted)
{
    weather(short_rounds(HF_PROTECT_COUNTED, STORM_REGIONS | STORM_CLOSE));
}

Test(stress, regions_and_close_hazard)
{
    weather(short_rounds(HF_PROTECT_HAZARD, STORM_REGIONS | STORM_CLOSE));
}

Test(stress, regions_and_close_many_hazard)
{
    storm_options options = short_rounds(HF_PROTECT_HAZARD, STORM_REGIONS | STORM_CLOSE_MANY);
    options.handles = 3;
    weather(options);
}

Test(stress, regions_and_detach_hazard)
{
    weather(short_rounds(HF_PROTECT_HAZARD, STORM_REGIONS | STORM_DETACH | STORM_CLOSE));
}

Test(stress, regions_and_rundown_hazard)
{
    weather(short_rounds(HF_PROTECT_HAZARD, STORM_REGIONS | STORM_CLOSE_WAIT));
}

Test(stress, regions_and_rundown_without_end_counted)
{
    weather(short_rounds(HF_PROTECT_COUNTED, STORM_REGIONS | STORM_CLOSE_FOREVER));
}

Test(stress, regions_and_rundown_without_end_hazard)
{
    weather(short_rounds(HF_PROTECT_HAZARD, STORM_REGIONS | STORM_CLOSE_FOREVER));
}

Test(stress, until_released_counted)
{
    storm_options options = short_rounds(HF_PROTECT_COUNTED, HOLDING | CLOSING);
    options.kind = FAKE_UNTIL_RELEASED;
    weather(options);
}

Test(stress, until_released_hazard)
{
    storm_options options = short_rounds(HF_PROTECT_HAZARD, HOLDING | CLOSING);
    options.kind = FAKE_UNTIL_RELEASED;
    weather(options);
}

Test(stress, everything_adaptive)
{
    weather(long_rounds(HF_PROTECT_ADAPTIVE, EVERYTHING));
}

Test(stress, everything_counted)
{
    weather(long_rounds(HF_PROTECT_COUNTED, EVERYTHING));
}

Test(stress, everything_hazard)
{
    weather(long_rounds(HF_PROTECT_HAZARD, EVERYTHING));
}

Test(stress, everything_until_released)
{
    storm_options options = long_rounds(HF_PROTECT_HAZARD, EVERYTHING);
    options.kind = FAKE_UNTIL_RELEASED;
    weather(options);
}

/* Mostly regions, so that handles are promoted in mid-round while others hold them counted. */
Test(stress, promotion_in_mid_round)
{
    storm_options options = long_rounds(HF_PROTECT_ADAPTIVE, STORM_REGIONS | STORM_CLOSE);
    options.handles = 1;
    options.steps = 5000;
    weather(options);
}

Test(stress, everything_at_level_three)
{
    storm_options options = long_rounds(HF_PROTECT_ADAPTIVE, EVERYTHING);
    options.level = HF_LEVEL_EVERYTHING;
    weather(options);
}

#define EVERY_REUSE(name, order)                                            \
    Test(stress, everything_##name)                                         \
    {                                                                       \
        storm_options options = long_rounds(HF_PROTECT_HAZARD, EVERYTHING); \
        options.reuse = order;                                              \
        weather(options);                                                   \
    }

EVERY_REUSE(fifo, HF_REUSE_FIFO)
EVERY_REUSE(lifo, HF_REUSE_LIFO)
EVERY_REUSE(random_order, HF_REUSE_RANDOM)
