/* Stacks: captured, and kept once.
 *
 * Where the system can walk by the tables that compilers leave for exceptions (platform.h), it is
 * done so, whether the program has frame pointers or not.  First the trails of earlier walks are
 * tried (trails.h), then remembered rules.  A stack that was never seen before is walked afresh
 * before it is kept, for the rules may be of code that was unloaded since.  That takes longer than
 * all the rest; so where findings are traced, and the trace knows the modules of all frames, what
 * is remembered is believed the second time:
 *
 *  1. When the trace came to know a module, all rules were forgotten while the module was there.
 *     Since then none was learnt of another in its place: whoever follows rules of a module has it
 *     on his stack, and tells the trace of it before he goes back there.
 *  2. Or he was led astray by an outdated rule, and learns others where nothing of his stack lies.
 *     Then the two walks differ, and all rules are forgotten.
 *
 * Elsewhere frame pointers are followed, checked the first time, and found again by their hash.
 * Such a walk cannot fault: it stays within the bounds of the thread's stack and goes strictly
 * upwards.  It may however pick up words that are no return addresses, where the program was built
 * without frame pointers.  Looking at that costs more than the walk, so it is done once: a small
 * cache maps the hash of all the words that were walked over to the stack that they were found to
 * mean.  A hit is believed if the words agree with that stack's frames.  Where fewer than two
 * frames prove good, the system's unwinder is asked, each time anew, because one return address
 * says too little to stand for a whole stack.
 *
 * Stacks are interned, so the same stack has the same number wherever it was captured: findings are
 * told apart by it. */
#include "report/stacks.h"

#include <string.h>

#include "platform/platform.h"
#include "report/exit.h"
#include "report/options.h"
#include "report/store.h"
#include "report/threads.h"
#include "report/trace.h"
#include "report/trace_modules.h"
#include "report/trails.h"

enum { CACHE_SIZE = 1 << 14, UNWIND_MARGIN = 16 };

/* In place of a stack's number: these words are not to be trusted. */
static const uint32_t ask_unwinder = UINT32_MAX;

static hf_store stacks = {.arena = {.capacity = (size_t)128 << 20}};

/* The upper half of a hash and the number of a stack; 0: empty. */
static _Atomic uint64_t cache[CACHE_SIZE];

typedef struct walk {
    uint64_t hash;
    uint32_t depth; /* how many frames are wanted */
    uint32_t count;
    uintptr_t frames[HF_STACK_DEPTH_MAX + UNWIND_MARGIN];
} walk;

/* Takes off what some machines store in a return address besides the address. */
static inline uintptr_t plain_address(uintptr_t word)
{
#ifdef __aarch64__
    return word & (((uintptr_t)1 << 48) - 1); /* its signature (PAC) */
#else
    return word;
#endif
}

/* The words of other frames are read as they lie there; the sanitizers must not mind. */
__attribute__((no_sanitize("address"), no_sanitize("thread"))) static void
walk_frames(walk *to, hf_site site, uintptr_t high)
{
    const uintptr_t *frame = site;
    uint64_t hash = HF_HASH_START;
    uint32_t count = 0;
    while (count < to->depth) {
        uintptr_t address = plain_address(frame[1]);
        uintptr_t next = frame[0];
        if (address == 0)
            break;
        to->frames[count++] = address;
        hash = hf_hash_word(hash, address);
        if (next <= (uintptr_t)frame || next % sizeof next != 0 || next >= high ||
            high - next < 2 * sizeof next)
            break;
        frame = (const uintptr_t *)next;
    }
    to->hash = hf_hash_finish(hash);
    to->count = count;
}

static bool begins_with(const walk *with, uint32_t stack)
{
    uint32_t count;
    const uintptr_t *frames = hf_store_find(&stacks, stack, &count);
    if (count > with->count)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (frames[i] != with->frames[i])
            return false;
    }
    return true;
}

/* What these words were found to mean, or 0. */
static uint32_t recall(const walk *of)
{
    /* Relaxed: hf_store_find has the acquire that a stack's frames need. */
    uint64_t word = atomic_load_explicit(&cache[of->hash % CACHE_SIZE], memory_order_relaxed);
    uint32_t stack = (uint32_t)word;
    if (stack == 0 || word >> 32 != of->hash >> 32)
        return 0;
    return stack == ask_unwinder || begins_with(of, stack) ? stack : 0;
}

static void remember(const walk *of, uint32_t stack)
{
    uint64_t word = (of->hash >> 32 << 32) | stack;
    atomic_store_explicit(&cache[of->hash % CACHE_SIZE], word, memory_order_relaxed);
}

/* Drops the frames inside the library: those up to the one that returns to `site`'s caller.  If it
 * is not among them, all are kept, and the report leaves out the library's own. */
static uint32_t drop_inner(walk *of, uintptr_t return_address)
{
    uint32_t inner = 0;
    while (inner < of->count && of->frames[inner] != return_address)
        inner++;
    if (inner == of->count)
        inner = 0;
    of->count -= inner;
    memmove(of->frames, of->frames + inner, of->count * sizeof of->frames[0]);
    return of->count < of->depth ? of->count : of->depth;
}

static uint32_t unwind(walk *into, hf_site site)
{
    uintptr_t return_address = plain_address(((const uintptr_t *)site)[1]);
    into->count =
        hf_must_not_wait() ? 0 : (uint32_t)hf_os_unwind(into->frames, into->depth + UNWIND_MARGIN);
    uint32_t count = drop_inner(into, return_address);
    if (count == 0) {
        into->frames[0] = return_address;
        count = 1;
    }
    uint32_t stack = hf_store_intern(&stacks, into->frames, count);
    hf_trace_stack_walked(stack, false);
    return stack;
}

static uint32_t good_frames(const walk *of)
{
    uint32_t good = 0;
    while (good < of->count && hf_os_is_code(of->frames[good]))
        good++;
    return good;
}

/* Finds out what words mean that were not met before. */
static uint32_t learn(walk *from, hf_site site, uint32_t method)
{
    uint32_t good = good_frames(from);
    if (good < 2 && from->depth > 1 && method == HF_UNWIND_AUTO) {
        remember(from, ask_unwinder);
        return unwind(from, site);
    }
    uint32_t stack = hf_store_intern(&stacks, from->frames, good > 0 ? good : from->count > 0);
    if (stack != 0)
        remember(from, stack);
    hf_trace_stack_walked(stack, false);
    return stack;
}

typedef struct table_walk {
    uint32_t count;
    uintptr_t frames[HF_STACK_DEPTH_MAX];
} table_walk;

static void walk_table(table_walk *to, const hf_os_walk_from *from, uint32_t depth,
                       hf_os_trail *trail)
{
    to->count = (uint32_t)hf_os_walk(from, to->frames, depth, trail);
}

static bool is_same_walk(const table_walk *a, const table_walk *b)
{
    return a->count == b->count &&
           memcmp(a->frames, b->frames, a->count * sizeof a->frames[0]) == 0;
}

/* Lives are traced later than walks, so that what is said above does not hold there. */
static bool may_believe_rules(const table_walk *of)
{
    return hf_trace_wants() != 0 && !hf_event_lives() &&
           hf_trace_knows_modules(of->frames, of->count);
}

/* A stack that was not seen before: walks once more.  (Also where rules are believed: the modules
 * may have become known in between, after outdated ones were followed.) */
static uint32_t keep_walk(const table_walk *first, hf_os_walk_from *from, uint32_t depth,
                          hf_os_trail *trail)
{
    table_walk second;
    from->afresh = !may_believe_rules(first);
    walk_table(&second, from, depth, trail);
    if (!is_same_walk(first, &second)) {
        hf_os_code_changed();
        from->afresh = true;
        walk_table(&second, from, depth, trail);
    }
    return hf_store_intern(&stacks, second.frames, second.count);
}

static uint32_t walk_by_tables(hf_os_walk_from *from, uint32_t depth)
{
    table_walk walked;
    hf_os_trail trail;
    walk_table(&walked, from, depth, &trail);
    uint32_t stack = hf_store_search(&stacks, walked.frames, walked.count);
    bool modules_known = false;
    if (stack == 0) {
        stack = keep_walk(&walked, from, depth, &trail);
        modules_known = !from->afresh;
    }
    hf_trail_remember(from, depth, &trail, stack);
    hf_trace_stack_walked(stack, modules_known);
    return stack;
}

static uint32_t capture_by_tables(hf_site site)
{
    hf_os_walk_from from = {
        .site = (uintptr_t)site, .stack_low = hf_self.stack_low, .stack_high = hf_self.stack_high};
    uint32_t depth = hf_option(HF_OPTION_STACK_DEPTH);
    uint32_t stack = hf_trail_recall(&from, depth);
    return stack != 0 ? stack : walk_by_tables(&from, depth);
}

static uint32_t capture_by_pointers(hf_site site, uint32_t method)
{
    walk walked;
    uintptr_t high = hf_self.stack_high;
    walked.depth = hf_option(HF_OPTION_STACK_DEPTH);
    if ((uintptr_t)site < hf_self.stack_low || (uintptr_t)site >= high)
        high = 0; /* not this thread's own stack: an alternate one, or a coroutine's */
    if (method == HF_UNWIND_UNWINDER || (high == 0 && method == HF_UNWIND_AUTO))
        return unwind(&walked, site);
    walk_frames(&walked, site, high);
    uint32_t stack = recall(&walked);
    if (stack == ask_unwinder && method == HF_UNWIND_AUTO)
        return unwind(&walked, site);
    return stack != 0 && stack != ask_unwinder ? stack : learn(&walked, site, method);
}

#ifdef HF_FAULT_INJECTION
bool hf_stacks_without_tables;
#define CAN_WALK (hf_os_can_walk && !hf_stacks_without_tables)
#else
#define CAN_WALK hf_os_can_walk
#endif

uint32_t hf_stack_capture(hf_site site)
{
    uint32_t method = hf_option(HF_OPTION_UNWIND);
    if (site == NULL)
        return 0;
    return method == HF_UNWIND_AUTO && CAN_WALK ? capture_by_tables(site)
                                                : capture_by_pointers(site, method);
}

void hf_stacks_code_changed(void)
{
    hf_os_code_changed(); /* first: what is learnt from here on is of the new code */
    hf_trail_forget();
}

const uintptr_t *hf_stack_frames(uint32_t stack, uint32_t *count)
{
    return hf_store_find(&stacks, stack, count);
}

/* In every way; the thread may be new. */
__attribute__((noinline)) static hf_trace trace_in_full(hf_site site)
{
    if (!hf_self.met)
        hf_thread_meet();
    return (hf_trace){.stack = hf_stack_capture(site), .thread = hf_self.thread};
}

/* Mostly the thread was met, the site lies on its stack, and there is a trail.  Nothing is called
 * on this way, so that few registers are to be saved. */
HF_HOT hf_trace hf_event_trace(hf_site site)
{
    uintptr_t at = (uintptr_t)site;
    uintptr_t high = hf_self.stack_high; /* 0 if the thread was not met */
    if (HF_LIKELY(CAN_WALK && hf_option_if_loaded(HF_OPTION_UNWIND) == HF_UNWIND_AUTO &&
                  at >= hf_self.stack_low && at < high)) {
        uint32_t stack = hf_trail_recall_here(at, high, hf_option_if_loaded(HF_OPTION_STACK_DEPTH));
        if (HF_LIKELY(stack != 0))
            return (hf_trace){.stack = stack, .thread = hf_self.thread};
    }
    return trace_in_full(site);
}
