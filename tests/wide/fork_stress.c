/* Forks while other threads open, close, enter and make findings.  Each child looks whether its
 * copy is whole: every slot that is not in use can be had, each once; the forking thread's regions
 * hold; the table is shut down at once. */
#include "fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    THREADS = 4,
    OWN = 8,
    SHARED = 4,
    SMALL = 255,
    LARGE = 65536,
    CHILDREN = 8, /* at once */
    LOOKS = 16,   /* of so many children of a large table one counts its slots */
    MILLISECONDS = 2500
};

/* A value is a counter: 1 while it is owned, 0 when it is released. */
typedef struct counter {
    _Atomic int owned;
} counter;

typedef struct worker {
    pthread_t thread;
    uint64_t random;
    counter counters[OWN * 64];
    unsigned next;
    hf_handle own[OWN];
} worker;

static hf_table *table;
static unsigned capacity;
static bool has_magazines;
static _Atomic bool over;
static _Atomic unsigned bad_releases;
static _Atomic uint64_t shared[SHARED]; /* handles that anybody closes and opens again */
static worker workers[THREADS];
static counter of_child[LARGE];

static hf_outcome release(hf_value value, void *context, int32_t *error)
{
    counter *of = (counter *)value;
    (void)context;
    (void)error;
    if (atomic_exchange(&of->owned, 0) != 1)
        atomic_fetch_add(&bad_releases, 1);
    return HF_OUTCOME_RELEASED;
}

static void unblock(hf_value value, void *context)
{
    (void)value;
    (void)context;
}

static bool identify(hf_value value, void *context, hf_identity *out)
{
    (void)context;
    *out = (hf_identity){.object = value};
    return true;
}

static hf_namespace space = HF_NAMESPACE_INIT("counters", HF_VALUES_SPARSE);
static const hf_type plain = {.size = sizeof(hf_type), .name = "plain", .release = release};
static const hf_type rich = {.size = sizeof(hf_type),
                             .name = "rich",
                             .name_space = &space,
                             .release = release,
                             .identify = identify,
                             .unblock = unblock};

/* ---- the others ----------------------------------------------------------------------------- */

static unsigned roll(worker *self, unsigned sides)
{
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return (unsigned)(self->random >> 33) % sides;
}

static hf_handle open_one(worker *self, hf_handle parent)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_handle handle = HF_NULL_HANDLE;
    counter *of = &self->counters[self->next++ % (OWN * 64)];
    const hf_type *type = roll(self, 2) == 0 ? &plain : &rich;
    options.parent = parent;
    if (atomic_load(&of->owned) != 0)
        return handle; /* still closing somewhere */
    atomic_store(&of->owned, 1);
    if (hf_open(table, type, (hf_value)of, hf_handle_is_null(parent) ? NULL : &options, &handle) !=
        HF_OK)
        atomic_store(&of->owned, 0);
    return handle;
}

static void close_one(hf_handle *handle)
{
    if (!hf_handle_is_null(*handle))
        (void)hf_close(table, *handle, NULL);
    *handle = HF_NULL_HANDLE;
}

static void use(worker *self, hf_handle handle)
{
    hf_region outer;
    hf_region inner;
    if (hf_enter(table, handle, NULL, &outer) != HF_OK)
        return;
    if (roll(self, 4) == 0 && hf_enter(table, handle, NULL, &inner) == HF_OK)
        hf_leave(&inner);
    hf_leave(&outer);
}

static void step(worker *self)
{
    hf_handle *own = &self->own[roll(self, OWN)];
    _Atomic uint64_t *one = &shared[roll(self, SHARED)];
    hf_handle common = {atomic_load(one)};
    switch (roll(self, 8)) {
    case 0:
        close_one(own);
        *own = open_one(self, roll(self, 4) == 0 ? common : HF_NULL_HANDLE);
        break;
    case 1:
        close_one(own);
        break;
    case 2:
        if (roll(self, 8) == 0) {
            hf_status status = hf_close_wait(table, common, 1000, NULL);
            if (status == HF_OK || status == HF_E_TIMED_OUT)
                atomic_store(one, open_one(self, HF_NULL_HANDLE).bits);
        }
        break;
    case 3:
        if (roll(self, 8) == 0) {
            (void)hf_close_many(table, self->own, OWN, NULL);
            (void)hf_close_many(table, self->own, OWN, NULL); /* findings */
        }
        break;
    default:
        use(self, roll(self, 4) == 0 ? *own : common);
        break;
    }
}

static void *work(void *argument)
{
    worker *self = argument;
    while (!atomic_load_explicit(&over, memory_order_relaxed))
        step(self);
    return NULL;
}

/* ---- the child ------------------------------------------------------------------------------ */

/* The forking thread's own. */
static hf_handle kept;
static counter kept_counter;
static hf_region kept_region;

static uint64_t live_now(void)
{
    hf_table_stats stats = {.size = (uint32_t)sizeof(stats)};
    return hf_table_get_stats(table, &stats) == HF_OK ? stats.live : 0;
}

static int fail(const char *what, uint64_t left, uint64_t right)
{
    fprintf(stderr, "in a child: %s: %llu, %llu\n", what, (unsigned long long)left,
            (unsigned long long)right);
    return 1;
}

/* Takes every slot that is free, and looks whether each is its handle's alone. */
static int exhaust(void)
{
    static hf_handle handles[LARGE];
    uint64_t live = live_now();
    unsigned count = 0;
    for (; count < LARGE; count++) {
        atomic_store_explicit(&of_child[count].owned, 1, memory_order_relaxed);
        if (hf_open(table, &plain, (hf_value)&of_child[count], NULL, &handles[count]) != HF_OK)
            break;
    }
    uint64_t spare = has_magazines ? (THREADS + 1) * 3 * 64 : 0;
    if (count + live > capacity || count + live + spare < capacity)
        return fail("free and live slots", count, live);
    for (unsigned i = 0; i < count; i++) {
        hf_region region;
        if (hf_enter(table, handles[i], &plain, &region) != HF_OK ||
            region.value != (hf_value)&of_child[i])
            return fail("a slot was given twice", i, count);
        hf_leave(&region);
    }
    return hf_close_many(table, handles, count, NULL) == HF_OK ? 0 : fail("close", count, 0);
}

static int look_around(unsigned number)
{
    alarm(30);
    if ((capacity == SMALL || number % LOOKS == 0) && exhaust() != 0)
        return 1;
    if (kept_region.value != (hf_value)&kept_counter || atomic_load(&kept_counter.owned) != 1)
        return fail("the own region", kept_region.value, 0);
    hf_leave(&kept_region);
    if (hf_close(table, kept, NULL) != HF_OK || atomic_load(&kept_counter.owned) != 0)
        return fail("the own handle", 0, 0);
    hf_status status = hf_table_shutdown(table, 0);
    if (status != HF_OK)
        return fail(hf_status_name(status), reports_count(HF_REPORT_HELD_AT_SHUTDOWN), live_now());
    if (live_now() != 0 || atomic_load(&bad_releases) != 0)
        return fail("live handles, or bad releases", live_now(), atomic_load(&bad_releases));
    return 0;
}

/* ---- the storm ------------------------------------------------------------------------------ */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_sail(hf_reuse reuse, hf_level level, unsigned slots)
{
    hf_table_options options = fixture_options(reuse, HF_PROTECT_ADAPTIVE);
    options.capacity_slots = slots;
    options.level = level;
    capacity = slots;
    has_magazines = reuse == HF_REUSE_MAGAZINES;
    if (level == HF_LEVEL_COUNTERS)
        (void)hf_set_options("all=count");
    else
        reports_start();
    table = fixture_create(&options);
    atomic_store(&kept_counter.owned, 1);
    MUST_OK(hf_open(table, &plain, (hf_value)&kept_counter, NULL, &kept));
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].random = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
        cr_assert_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
}

static pid_t begin_child(unsigned number)
{
    MUST_OK(hf_enter(table, kept, NULL, &kept_region));
    pid_t child = fork();
    if (child == 0)
        _exit(look_around(number));
    if (child < 0)
        abort();
    hf_leave(&kept_region);
    return child;
}

static unsigned end_child(pid_t child)
{
    int status = 0;
    return child != 0 && (waitpid(child, &status, 0) != child || status != 0);
}

static void storm(hf_reuse reuse, hf_level level, unsigned slots)
{
    pid_t children[CHILDREN] = {0};
    unsigned forks = 0;
    unsigned failed = 0;
    set_sail(reuse, level, slots);
    for (int64_t end = now_ms() + MILLISECONDS; now_ms() < end && failed == 0; forks++) {
        pid_t *child = &children[forks % CHILDREN];
        failed += end_child(*child);
        *child = begin_child(forks);
    }
    for (unsigned i = 0; i < CHILDREN; i++)
        failed += end_child(children[i]);
    atomic_store(&over, true);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    fprintf(stderr, "%u forks\n", forks);
    cr_expect_eq(failed, 0);
    MUST_OK(hf_table_shutdown(table, 0));
    hf_table_destroy(table);
    cr_expect_eq(atomic_load(&bad_releases), 0);
}

Test(stress_fork, last_in_first_out)
{
    storm(HF_REUSE_LIFO, HF_LEVEL_COUNTERS, SMALL);
}

Test(stress_fork, first_in_first_out)
{
    storm(HF_REUSE_FIFO, HF_LEVEL_COUNTERS, SMALL);
}

Test(stress_fork, random_order)
{
    storm(HF_REUSE_RANDOM, HF_LEVEL_COUNTERS, SMALL);
}

Test(stress_fork, magazines)
{
    storm(HF_REUSE_MAGAZINES, HF_LEVEL_COUNTERS, LARGE);
}

Test(stress_fork, with_stacks_and_reports)
{
    storm(HF_REUSE_LIFO, HF_LEVEL_STACKS, SMALL);
}
