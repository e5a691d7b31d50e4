/* GLib: time-out sources in a main context of their own.  A source is armed once in its life, so to
 * arm is to make one.  Sources are not ordered by time, so that the delay costs nothing and none
 * needs to be simulated; each turn of the loop looks at all of them. */
#include "timers.h"

#include <glib.h>

enum { HOUR_MS = 3600000, US_PER_MS = 1000 };

typedef struct population {
    GMainContext *context;
    uint64_t called;
    GSource *sources[];
} population;

static gboolean count_call(gpointer data)
{
    ((population *)data)->called++;
    return G_SOURCE_REMOVE;
}

static void *make(uint64_t count)
{
    population *all = g_malloc0(sizeof(*all) + count * sizeof(all->sources[0]));
    all->context = g_main_context_new();
    return all;
}

static uint64_t cancel(void *subject, uint64_t timer)
{
    population *all = subject;
    if (all->sources[timer] != NULL) {
        g_source_destroy(all->sources[timer]);
        g_source_unref(all->sources[timer]);
    }
    all->sources[timer] = NULL;
    return 1;
}

static uint64_t arm_in(population *all, uint64_t timer, guint delay_ms)
{
    (void)cancel(all, timer);
    GSource *source = g_timeout_source_new(delay_ms);
    g_source_set_callback(source, count_call, all, NULL);
    all->sources[timer] = source;
    return g_source_attach(source, all->context) != 0;
}

static uint64_t arm(void *subject, uint64_t timer, uint64_t delay_us)
{
    return arm_in(subject, timer, HOUR_MS + (guint)(delay_us / US_PER_MS));
}

static uint64_t arm_due(void *subject, uint64_t timer, uint64_t delay_us)
{
    (void)delay_us;
    return arm_in(subject, timer, 0);
}

static uint64_t fire(void *subject)
{
    population *all = subject;
    uint64_t before = all->called;
    while (g_main_context_iteration(all->context, FALSE))
        continue;
    return all->called - before;
}

const bench_timers bench_timers_glib = {
    .name = "glib-timeout",
    .most = 1000000,
    .make = make,
    .arm = arm,
    .arm_due = arm_due,
    .cancel = cancel,
    .fire = fire,
};
