/* The storm.  Thread 0 opens the shared handles before a round and settles accounts after it. */
#include "storm_state.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void open_round(storm *s)
{
    for (unsigned i = 0; i < s->options.handles; i++) {
        s->values[i] = fake_make(s->world);
        hf_status status = hf_open(s->table, &s->world->types[s->options.kind], s->values[i], NULL,
                                   &s->handles[i]);
        if (status != HF_OK)
            storm_surprise(s, "hf_open", status);
    }
}

static void settle_round(storm *s)
{
    for (unsigned i = 0; i < STORM_MAIL; i++)
        storm_release_mail(s, i);
    for (unsigned i = 0; i < s->options.handles; i++) {
        hf_status status = hf_close(s->table, s->handles[i], NULL);
        if (status != HF_OK && status != HF_E_STALE_HANDLE)
            storm_surprise(s, "the last hf_close", status);
    }
    if (fake_alive(s->world) != 0)
        storm_surprise(s, "a value was never released", HF_OK);
    fake_world_reset(s->world);
}

static bool is_late(const storm *s)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > s->end.tv_sec ||
           (now.tv_sec == s->end.tv_sec && now.tv_nsec > s->end.tv_nsec);
}

static void *sail(void *argument)
{
    sailor *self = argument;
    storm *s = self->storm;
    while (!atomic_load_explicit(&s->over, memory_order_relaxed)) {
        storm_sail_a_round(self);
        spin_barrier_wait(&s->barrier); /* all have finished the round */
        spin_barrier_wait(&s->barrier); /* the next one is set up */
    }
    return NULL;
}

static uint64_t command(sailor *self)
{
    storm *s = self->storm;
    uint64_t rounds = 0;
    while (!atomic_load_explicit(&s->over, memory_order_relaxed)) {
        storm_sail_a_round(self);
        spin_barrier_wait(&s->barrier);
        settle_round(s);
        rounds++;
        bool over = rounds == s->options.max_rounds || is_late(s) || s->surprises > 0;
        if (!over)
            open_round(s);
        atomic_store_explicit(&s->over, over, memory_order_relaxed);
        spin_barrier_wait(&s->barrier);
    }
    return rounds;
}

static void set_sail(storm *s)
{
    const storm_options *o = &s->options;
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.protection = o->protection;
    options.reuse = o->reuse;
    options.level = o->level;
    options.name = "storm";
    s->world = fake_world_create(STORM_HANDLES + (size_t)o->threads * o->steps);
    s->barrier.threads = o->threads;
    clock_gettime(CLOCK_MONOTONIC, &s->end);
    s->end.tv_sec += o->milliseconds / 1000;
    s->end.tv_nsec += (long)(o->milliseconds % 1000) * 1000000;
    for (int kind = 0; kind < HF_REPORT_KIND_COUNT; kind++) {
        if (hf_set_policy((hf_report_kind)kind, HF_POLICY_COUNT) != HF_OK)
            abort();
    }
    if (o->threads > STORM_THREADS || o->handles > STORM_HANDLES ||
        hf_table_create(&options, &s->table) != HF_OK)
        abort();
    open_round(s);
}

static uint64_t misuse_reports(const storm *s)
{
    static const hf_report_kind kinds[] = {
        HF_REPORT_RELEASE_FAILED,      HF_REPORT_WRONG_TYPE,   HF_REPORT_FOREIGN_HANDLE,
        HF_REPORT_FORGED_HANDLE,       HF_REPORT_OVER_RELEASE, HF_REPORT_COPIED_REGION,
        HF_REPORT_HELD_AT_THREAD_EXIT, HF_REPORT_WRONG_THREAD, HF_REPORT_LEAK,
        HF_REPORT_HELD_AT_SHUTDOWN};
    uint64_t sum = 0;
    hf_table_stats stats = {.size = (uint32_t)sizeof(stats)};
    if (hf_table_get_stats(s->table, &stats) != HF_OK)
        abort();
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        sum += stats.reports[kinds[i]];
    return sum + stats.live;
}

static void add_up(storm_result *result, const storm *s, const sailor *sailors)
{
    for (unsigned i = 0; i < s->options.threads; i++) {
        result->entered += sailors[i].entered;
        result->refused += sailors[i].refused;
    }
    result->surprises = s->surprises;
    result->bad_uses = s->world->bad_uses;
    result->bad_releases = s->world->bad_releases;
    result->misuse_reports = misuse_reports(s);
    snprintf(result->first_surprise, sizeof(result->first_surprise), "%s", s->first_surprise);
}

storm_result storm_run(const storm_options *options)
{
    pthread_t threads[STORM_THREADS];
    storm_result result = {.rounds = 0};
    storm *s = calloc(1, sizeof(*s));
    sailor *sailors = calloc(STORM_THREADS, sizeof(*sailors));
    if (s == NULL || sailors == NULL)
        abort();
    s->options = *options;
    set_sail(s);
    for (unsigned i = 0; i < options->threads; i++) {
        sailors[i] = (sailor){.storm = s, .number = i, .random = UINT64_C(0x9e3779b9) * (i + 1)};
        if (i > 0 && pthread_create(&threads[i], NULL, sail, &sailors[i]) != 0)
            abort();
    }
    result.rounds = command(&sailors[0]);
    for (unsigned i = 1; i < options->threads; i++)
        pthread_join(threads[i], NULL);
    add_up(&result, s, sailors);
    hf_table_destroy(s->table);
    fake_world_destroy(s->world);
    free(sailors);
    free(s);
    return result;
}
