/* Trails that are replaced while they are followed: no mixture of two is ever believed, and nothing
 * is read where one says.  The stacks here are made up: words in memory, and a trail for each. */
#include "report/trail_entry.h"
#include "report/trails.h"
#include "spin_barrier.h"

#include <criterion/criterion.h>
#include <holdfast/base.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

/* Each round takes very much longer under ThreadSanitizer. */
#ifdef HF_TSAN_BUILD_
enum { ROUNDS = 100000 };
#else
enum { ROUNDS = 1000000 };
#endif
enum { DEPTH = 16, WORDS = HF_OS_TRAIL_MAX, THREADS = 3 };

TestSuite(trail_mixtures);

/* A stack: its words from the site on, and what a walk would leave of it. */
typedef struct made_up {
    uintptr_t *site;
    uintptr_t distance; /* words up to the end of the stack */
    bool has_unknown_end;
    uint32_t number;
    hf_os_trail trail;
} made_up;

static hf_os_walk_from from_made_up(const made_up *of)
{
    uintptr_t low = (uintptr_t)of->site;
    if (of->has_unknown_end)
        return (hf_os_walk_from){.site = low};
    return (hf_os_walk_from){
        .site = low, .stack_low = low, .stack_high = low + of->distance * sizeof(uintptr_t)};
}

static uint32_t recall(const made_up *of)
{
    hf_os_walk_from from = from_made_up(of);
    return hf_trail_recall(&from, DEPTH);
}

static void remember(const made_up *of)
{
    hf_os_walk_from from = from_made_up(of);
    hf_trail_remember(&from, DEPTH, &of->trail, of->number);
}

/* Its trail has the words that lie at the end of the stack. */
static void make_up(made_up *of, uintptr_t return_address, uintptr_t first_value)
{
    of->site[1] = return_address;
    of->trail = (hf_os_trail){.whole = true, .count = {WORDS, 0}};
    for (uint16_t i = 0; i < WORDS; i++) {
        uint16_t offset = (uint16_t)(of->distance - WORDS + i);
        of->site[offset] = first_value + i;
        of->trail.offsets[HF_OS_PLAIN][i] = offset;
        of->trail.values[HF_OS_PLAIN][i] = first_value + i;
    }
}

typedef struct seeker {
    const made_up *stacks;
    uint32_t count;
    uint64_t state;
    unsigned wrong;
    spin_barrier *barrier;
} seeker;

/* Each looks for all, and leaves a trail of what it does not find. */
static void *seek(void *argument)
{
    seeker *this = argument;
    spin_barrier_wait(this->barrier);
    for (int i = 0; i < ROUNDS; i++) {
        this->state = this->state * UINT64_C(6364136223846793005) + 1;
        const made_up *wanted = &this->stacks[(this->state >> 33) % this->count];
        uint32_t found = recall(wanted);
        if (found == 0)
            remember(wanted);
        else
            this->wrong += found != wanted->number;
    }
    return NULL;
}

static void seek_in_threads(const made_up *stacks, uint32_t count)
{
    pthread_t threads[THREADS];
    seeker seekers[THREADS];
    spin_barrier barrier = {.threads = THREADS};
    for (uint32_t i = 0; i < THREADS; i++) {
        seekers[i] = (seeker){stacks, count, i, 0, &barrier};
        cr_assert_eq(pthread_create(&threads[i], NULL, seek, &seekers[i]), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
        cr_expect_eq(seekers[i].wrong, 0);
    }
}

/* More of one key than there are ways, whose words differ. */
Test(trail_mixtures, stack_is_that_of_the_words)
{
    enum { STACKS = 3 * HF_TRAIL_WAYS, DISTANCE = WORDS + 2 };
    static uintptr_t memory[STACKS][DISTANCE];
    static made_up stacks[STACKS];
    for (uint32_t i = 0; i < STACKS; i++) {
        stacks[i] = (made_up){.site = memory[i], .distance = DISTANCE, .number = i + 1};
        make_up(&stacks[i], 0x1000, 1000 * i);
    }
    seek_in_threads(stacks, STACKS);
}

/* Memory with nothing behind it. */
static uintptr_t *make_stack(uintptr_t words)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = (words * sizeof(uintptr_t) + page - 1) / page * page;
    char *memory = mmap(NULL, 2 * bytes + 16 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(memory, MAP_FAILED);
    cr_assert_eq(mprotect(memory, bytes, PROT_READ | PROT_WRITE), 0);
    return (uintptr_t *)(void *)(memory + bytes) - words;
}

/* The next return address whose trails are in the same set as the first one's. */
static uintptr_t next_in_set(const made_up *of, const _Atomic uint32_t *set, uintptr_t address)
{
    hf_os_walk_from from = from_made_up(of);
    do
        of->site[1] = ++address;
    while (hf_trail_key_from(&from, DEPTH).in != set);
    return address;
}

/* Short stacks and long ones turn each other out; what lies at a long one's end is not there on a
 * short one, and to read it would be a crash. */
static void seek_short_and_long_ones(bool have_unknown_ends)
{
    enum { STACKS = 2 * HF_TRAIL_WAYS, SHORT = WORDS + 2, LONG = 4096 };
    static made_up stacks[STACKS];
    const _Atomic uint32_t *set = hf_trail_sets[1];
    uintptr_t address = 0x1000;
    for (uint32_t i = 0; i < STACKS; i++) {
        uintptr_t distance = i % 2 == 0 ? SHORT : LONG;
        stacks[i] = (made_up){.site = make_stack(distance),
                              .distance = distance,
                              .has_unknown_end = have_unknown_ends,
                              .number = i + 1};
        address = next_in_set(&stacks[i], set, address);
        make_up(&stacks[i], address, 1000 * i);
    }
    seek_in_threads(stacks, STACKS);
}

Test(trail_mixtures, nothing_is_read_where_another_stacks_trail_says)
{
    seek_short_and_long_ones(false);
}

Test(trail_mixtures, nor_where_the_ends_of_the_stacks_are_unknown)
{
    seek_short_and_long_ones(true);
}
