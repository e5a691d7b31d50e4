/* Sets a pass up, watches over it and adds up what its threads counted. */
#include "pass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "progress.h"
#include "random.h"
#include "worker.h"

/* The seeds of the threads are far from each other, and the same in both passes. */
static void prepare(worker *workers, pass *of)
{
    uint64_t seed = of->plan->seed;
    for (unsigned i = 0; i <= of->plan->readers; i++) {
        workers[i].pass = of;
        workers[i].number = i;
        workers[i].random = random_next(&seed);
    }
    for (uint32_t i = 0; i < of->plan->files->count; i++)
        atomic_store_explicit(&of->plan->files->files[i].was_read, false, memory_order_relaxed);
}

static uint64_t sum(const worker *workers, const pass *of, tally_item item)
{
    uint64_t total = 0;
    for (unsigned i = 0; i <= of->plan->readers; i++)
        total += tally_get(&workers[i].counts, item);
    return total;
}

/* Answers how many threads were started: all, or fewer, and then told why. */
static unsigned start(worker *workers, const pass *of)
{
    for (unsigned i = 0; i <= of->plan->readers; i++) {
        int error =
            pthread_create(&workers[i].thread, NULL, i == 0 ? closer_run : reader_run, &workers[i]);
        if (error != 0) {
            fprintf(stderr, "demo: cannot start thread %u: %s\n", i, strerror(error));
            return i;
        }
    }
    return of->plan->readers + 1;
}

static bool goes_on(const worker *workers, const pass *of, double seconds)
{
    const pass_plan *plan = of->plan;
    if (pass_has_ended(of) || seconds >= 3.0 * plan->seconds)
        return false;
    if (plan->steps != 0 || seconds < plan->seconds)
        return true;
    return tally_get(&workers[0].counts, TALLY_STEPS) <
           (uint64_t)STEPS_PER_SECOND_LEAST * plan->seconds;
}

static void watch(const worker *workers, const pass *of)
{
    static const struct timespec moment = {.tv_nsec = 50 * 1000000};
    double started = progress_clock();
    double seconds = 0;
    while (goes_on(workers, of, seconds)) {
        progress_pass(of->way->title, seconds, of->plan->seconds, sum(workers, of, TALLY_READS),
                      sum(workers, of, TALLY_READS_WRONG));
        nanosleep(&moment, NULL);
        seconds = progress_clock() - started;
    }
    progress_end();
}

/* The closer's worker opens before it runs and closes after. */
static void fill_shelf(worker *closer)
{
    for (uint32_t place = 0; place < closer->pass->shelf.count; place++)
        worker_open(closer, place);
}

static void clear_shelf(worker *closer)
{
    shelf *from = &closer->pass->shelf;
    for (uint32_t place = 0; place < from->count; place++) {
        shelf_copy copy = shelf_look(from, place);
        if (copy.file != NULL)
            closer->pass->way->close(copy.name, false, &closer->counts);
    }
}

static void collect(const worker *workers, const pass *of, pass_result *out)
{
    *out = (pass_result){.asked_for = of->example.asked_for, .got = of->example.got};
    for (unsigned item = 0; item < TALLY_ITEMS; item++)
        out->counts[item] = sum(workers, of, (tally_item)item);
    for (uint32_t i = 0; i < of->plan->files->count; i++)
        out->files_read +=
            atomic_load_explicit(&of->plan->files->files[i].was_read, memory_order_relaxed);
}

static bool run(worker *workers, pass *of)
{
    fill_shelf(&workers[0]);
    unsigned started = start(workers, of);
    bool all = started == of->plan->readers + 1;
    if (all)
        watch(workers, of);
    pass_end(of);
    for (unsigned i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    clear_shelf(&workers[0]);
    return all;
}

bool pass_run(const access_way *way, const pass_plan *plan, pass_result *out)
{
    pass whole = {.way = way,
                  .plan = plan,
                  .shelf = {.lock = PTHREAD_MUTEX_INITIALIZER, .count = plan->places},
                  .example = {.lock = PTHREAD_MUTEX_INITIALIZER}};
    worker *workers = calloc(plan->readers + 1, sizeof *workers);
    if (workers == NULL) {
        fputs("demo: out of memory\n", stderr);
        return false;
    }
    prepare(workers, &whole);
    bool done = run(workers, &whole);
    collect(workers, &whole, out);
    free(workers);
    return done;
}
