/* The explorer: plays small scenes in every order of their threads' steps, with a bounded number of
 * preemptions (CHESS: Musuvathi and Qadeer, "Iterative context bounding for systematic testing of
 * multithreaded programs", 2007; most faults need two at the most).
 *
 *     schedule_explore [-p PREEMPTIONS] [-s] [SCENE...]      -s: stops one thread as well
 *
 * Depth first: an execution is a series of choices (who goes on); the next one takes the next way
 * at the last choice that has one left.  A preemption matters only before a step that another
 * thread can tell: one on a word that several threads use and one of them writes.  Which words
 * those are is learnt from random executions first, and while exploring; when a word is added, the
 * exploration begins anew, so that the last one was made with all of them.
 *
 * All steps are in one order (scheduler.h): what weaker memory orders allow is not explored.
 *
 * Whom a thread that waits, ends or is stopped gives its turn to is free.  To let a sleeping
 * thread's time-out pass is a preemption. */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scheduler.h"

enum { CHOICES = 1 << 16, WORDS = 1 << 12, RANDOM_RUNS = 200 };

/* ---- words ---------------------------------------------------------------------------------- */

/* A word of memory, and which threads read and wrote it. */
typedef struct word {
    uintptr_t address; /* 0: free */
    uint32_t readers;
    uint32_t writers;
    bool shared; /* as far as this exploration goes */
} word;

static word words[WORDS];

static word *find_word(const void *address)
{
    uintptr_t wanted = (uintptr_t)address & ~(uintptr_t)7;
    size_t place = (wanted >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 52;
    for (size_t i = 0; i < WORDS; i++) {
        word *one = &words[(place + i) % WORDS];
        if (one->address == 0)
            one->address = wanted;
        if (one->address == wanted)
            return one;
    }
    fprintf(stderr, "explore: too many words\n");
    abort();
}

static bool is_shared(const word *one)
{
    uint32_t all = one->readers | one->writers;
    return one->writers != 0 && (all & (all - 1)) != 0;
}

/* False: nothing new. */
static bool learn_words(void)
{
    bool learnt = false;
    for (size_t i = 0; i < WORDS; i++) {
        learnt = learnt || (is_shared(&words[i]) && !words[i].shared);
        words[i].shared = is_shared(&words[i]);
    }
    return learnt;
}

static bool note_step(const schedule_moment *now)
{
    word *one = find_word(now->address);
    if (now->writes)
        one->writers |= 1u << now->running;
    else
        one->readers |= 1u << now->running;
    return one->shared;
}

/* ---- choices -------------------------------------------------------------------------------- */

typedef struct way {
    uint8_t next;
    bool stops;
    bool preempts;
} way;

typedef struct choice {
    uint64_t step;
    uint8_t count;
    uint8_t taken;
    way ways[2 * SCHEDULE_THREADS + 1];
} choice;

typedef struct exploration {
    unsigned bound; /* preemptions, in this scene */
    bool may_stop;
    bool random;
    uint64_t seed;
    unsigned preemptions; /* of this execution */
    bool stopped;
    size_t depth; /* choices that are known */
    size_t at;
    choice choices[CHOICES];
} exploration;

static exploration the_exploration;

static void add_way(choice *to, unsigned next, bool stops, bool preempts)
{
    to->ways[to->count++] = (way){.next = (uint8_t)next, .stops = stops, .preempts = preempts};
}

static void add_others(choice *to, uint32_t who, bool preempts)
{
    for (unsigned i = 0; i < SCHEDULE_THREADS; i++)
        if ((who & 1u << i) != 0)
            add_way(to, i, false, preempts);
}

/* The ways from here; the first is the one without a preemption. */
static void list_ways(const exploration *on, const schedule_moment *now, choice *to)
{
    *to = (choice){.step = now->step};
    if (now->running == SCHEDULE_NOBODY) {
        add_others(to, now->ready, false);
        return;
    }
    uint32_t others = now->ready & ~(1u << now->running);
    add_way(to, now->running, false, false);
    if (on->preemptions < on->bound)
        add_others(to, others | now->sleeping, true);
    if (on->may_stop && !on->stopped && others != 0)
        add_way(to, now->running, true, false);
}

static uint64_t next_random(exploration *on)
{
    on->seed ^= on->seed << 13;
    on->seed ^= on->seed >> 7;
    return on->seed ^= on->seed << 17;
}

static const way *choose(exploration *on, const choice *from)
{
    if (on->random)
        return &from->ways[next_random(on) % 4 == 0 ? next_random(on) % from->count : 0];
    if (on->at == CHOICES) {
        fprintf(stderr, "explore: too many choices\n");
        abort();
    }
    if (on->at == on->depth)
        on->choices[on->depth++] = *from;
    choice *now = &on->choices[on->at++];
    if (now->step != from->step || now->count != from->count)
        schedule_fail("an execution went another way than before");
    return &now->ways[now->taken];
}

static schedule_decision decide(void *decider, const schedule_moment *now)
{
    exploration *on = decider;
    choice possible;
    bool runs = now->running != SCHEDULE_NOBODY;
    if (runs && !note_step(now) && !on->random)
        return (schedule_decision){.next = now->running};
    list_ways(on, now, &possible);
    if (possible.count == 1)
        return (schedule_decision){.next = possible.ways[0].next};
    const way *taken = choose(on, &possible);
    on->preemptions += taken->preempts;
    on->stopped |= taken->stops;
    return (schedule_decision){.next = taken->next, .stops = taken->stops};
}

/* Drops the choices that have no way left, and takes the next way at the last that has; false: all
 * was explored. */
static bool go_back(exploration *on)
{
    while (on->depth != 0) {
        choice *last = &on->choices[on->depth - 1];
        if (++last->taken < last->count)
            return true;
        on->depth--;
    }
    return false;
}

/* ---- exploring ------------------------------------------------------------------------------ */

static void play_once(const scene *what, exploration *on)
{
    schedule_plan plan = {.decide = decide, .decider = on};
    on->preemptions = 0;
    on->stopped = false;
    on->at = 0;
    scene_play(what, &plan);
}

static void learn_at_random(const scene *what, exploration *on)
{
    on->random = true;
    for (on->seed = 1; on->seed < RANDOM_RUNS; on->seed++) {
        uint64_t seed = on->seed;
        play_once(what, on);
        on->seed = seed;
    }
    on->random = false;
}

static uint64_t explore_all(const scene *what, exploration *on)
{
    uint64_t executions = 0;
    on->depth = 0;
    do {
        play_once(what, on);
        executions++;
    } while (go_back(on));
    return executions;
}

/* The same choices are the same execution. */
static void expect_same_twice(const scene *what, exploration *on)
{
    play_once(what, on);
    uint64_t first = schedule_trace();
    play_once(what, on);
    if (schedule_trace() != first)
        schedule_fail("the same choices gave another execution");
}

static void explore(const scene_named *what, unsigned bound, exploration *on)
{
    uint64_t executions = 0;
    on->bound = bound > what->fewer ? bound - what->fewer : 0;
    memset(words, 0, sizeof words);
    learn_at_random(&what->scene, on);
    while (learn_words())
        executions += explore_all(&what->scene, on);
    on->depth = 0;
    expect_same_twice(&what->scene, on);
    printf("%-42s bound %u: %8llu executions\n", what->name, on->bound,
           (unsigned long long)executions);
    fflush(stdout);
}

/* ---- the program ---------------------------------------------------------------------------- */

static bool is_wanted(const scene_named *what, int count, char **names)
{
    bool wanted = count == 0;
    for (int i = 0; i < count; i++)
        wanted = wanted || strcmp(names[i], what->name) == 0;
    return wanted;
}

static int usage(const char *program)
{
    fprintf(stderr, "Usage: %s [-p PREEMPTIONS] [-s] [SCENE...]\n", program);
    return 2;
}

int main(int argc, char **argv)
{
    exploration *on = &the_exploration;
    size_t explored = 0;
    unsigned bound = 2;
    int option;
    while ((option = getopt(argc, argv, "p:s")) != -1) {
        if (option == 'p')
            bound = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 's')
            on->may_stop = true;
        else
            return usage(argv[0]);
    }
    for (const scene_named *what = scene_list; what->name != NULL; what++)
        if (is_wanted(what, argc - optind, argv + optind)) {
            explore(what, bound, on);
            explored++;
        }
    return explored != 0 ? 0 : usage(argv[0]);
}
