/* Walking a stack by rules.
 *
 * A rule (unwind.h) depends on nothing but the address, so it is remembered, for all threads, in an
 * array of words.  The index and the upper part of a word determine the address between them, and
 * the lower part is its rule: a word is read and written whole, so whoever finds the address he
 * looks for has its rule, whoever wrote it and whatever else is going on.  No order is needed, as
 * nothing but the word is read.  Whoever writes takes the place of another address; that one is
 * looked up again.  The array is small, because each page of it costs a program that begins as much
 * as some look-ups; what matters most, trails remember (report/trails.h).
 *
 * What is remembered is true as long as the code stays where it is.  After an object was unloaded,
 * and another one loaded in its place, a rule may be wrong.  hf_os_code_changed forgets all rules;
 * one that was looked up before and is written after is wrong still.  Therefore
 *
 *  1. no rule is trusted with memory: what it leads to is read only if it lies higher than the
 *     frame before, and on the stack;
 *  2. callers walk afresh, without what is remembered, before they keep a stack that they have not
 *     seen yet, unless they know that no code was replaced (see report/stacks.c).
 *
 * On the stack is what lies between the site and the upper bound of the thread's stack.  A site
 * elsewhere - a coroutine, a signal handler with a stack of its own - has no bounds that could be
 * asked for cheaply.  There, memory is mapped from the site up to the end of its page, and further
 * pages are tried, one after the other, by a system call that does nothing but read them.  That is
 * seldom: the frames of a stack mostly lie in one page or two.
 *
 * A walk ends for certain: addresses grow, but for the step from a signal handler to what it
 * interrupted, and there are no more frames than were asked for.
 *
 * Functions that no table covers are passed by the frame pointer, if what it points to looks like a
 * frame: higher on this stack, with a return address that lies in code.  Where a table covers one
 * with what no rule can say (a register that is neither pointer, for a few instructions), the frame
 * pointer would rather be an outer function's; the walk ends there.
 *
 * What a walk finds depends on the words that it reads, on the rules, and on where it begins.  The
 * trail lists the words, so that the same walk needs not be made again; positions, and words that
 * point into the stack, are relative to the site, for they differ from thread to thread. */
#include "platform/unwind.h"

#include "platform/platform.h"
#include "platform/symbols.h"

#if HF_CAN_WALK

#include <string.h>

/* ---- rules -----------------------------------------------------------------------------------
 */

enum { INDEX_BITS = 12, ADDRESS_BITS = 47, RULES = 1 << INDEX_BITS };
enum { RULE_BITS = 64 - (ADDRESS_BITS - INDEX_BITS) }; /* of longer rules none is remembered */

static uint64_t rules[RULES];

/* The upper part of an address only permutes the lower one: both parts together tell them apart. */
static uint64_t *place_of(uintptr_t address, uint64_t *upper)
{
    *upper = address >> INDEX_BITS;
    uint32_t spread = (uint32_t)*upper * UINT32_C(0x9e3779b1) >> (32 - INDEX_BITS);
    return &rules[(address ^ spread) % RULES];
}

/* The readable part of the object in which its tables lie. */
static bool find_tables(const hf_object *object, hf_cfi *out)
{
    const ElfW(Phdr) *header = NULL;
    for (size_t i = 0; i < object->segment_count; i++) {
        if (object->segments[i].p_type == PT_GNU_EH_FRAME)
            header = &object->segments[i];
    }
    for (size_t i = 0; header != NULL && i < object->segment_count; i++) {
        const ElfW(Phdr) *segment = &object->segments[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_R) == 0 ||
            header->p_vaddr - segment->p_vaddr >= segment->p_filesz)
            continue;
        out->start = (const uint8_t *)(object->bias + segment->p_vaddr);
        out->end = out->start + segment->p_filesz;
        out->header = (const uint8_t *)(object->bias + header->p_vaddr);
        return true;
    }
    return false;
}

/* Looks an address up.  Code that lies in no object, such as what a just-in-time compiler made, is
 * not remembered: it may change at any time. */
__attribute__((noinline)) static hf_rule find_rule(uintptr_t address)
{
    hf_object object;
    hf_cfi tables;
    hf_cfi_entry entry;
    hf_rule rule = HF_RULE_UNKNOWN;
    uint64_t upper;
    uint64_t *place = place_of(address, &upper);
    if (!hf_object_find(address, &object))
        return HF_RULE_UNKNOWN;
    if (find_tables(&object, &tables) && hf_cfi_find(&tables, address, &entry))
        rule = hf_cfi_run(&entry, address);
    if (upper >> (64 - RULE_BITS) == 0 && rule >> RULE_BITS == 0)
        __atomic_store_n(place, upper << RULE_BITS | rule, __ATOMIC_RELAXED);
    return rule;
}

static inline hf_rule rule_for(uintptr_t address, bool afresh)
{
    uint64_t upper;
    const uint64_t *place = place_of(address, &upper);
    uint64_t word = __atomic_load_n(place, __ATOMIC_RELAXED);
    hf_rule rule = word & ((UINT64_C(1) << RULE_BITS) - 1);
    if (!afresh && word >> RULE_BITS == upper && rule != 0)
        return rule;
    return find_rule(address);
}

void hf_os_code_changed(void)
{
    for (size_t i = 0; i < RULES; i++) {
        if (__atomic_load_n(&rules[i], __ATOMIC_RELAXED) != 0)
            __atomic_store_n(&rules[i], 0, __ATOMIC_RELAXED);
    }
}

/* ---- what may be read ------------------------------------------------------------------------
 */

enum { FOREIGN_MAX = 1 << 20 }; /* how far a stack without known bounds is followed, in bytes */

typedef struct walk {
    const hf_os_walk_from *from;
    uintptr_t low; /* [low, high) may be read */
    uintptr_t high;
    uintptr_t highest; /* as far as it may be extended */
    uintptr_t pc;      /* where the present frame's caller is called from */
    uintptr_t sp;      /* the caller's registers */
    uintptr_t fp;
    uintptr_t fp_read_at; /* not on the trail yet; 0: is */
    uintptr_t *frames;
    size_t count;
    size_t capacity;
    hf_os_trail *trail;
} walk;

/* Tries the pages up to the one in which the address lies. */
__attribute__((noinline)) static bool extend(walk *of, uintptr_t address)
{
    size_t page = hf_os_page_size();
    if (address < of->low || address >= of->highest)
        return false;
    while (address >= of->high) {
        if (!hf_os_can_read(of->high, 1)) {
            of->trail->whole = false; /* another time it may be */
            return false;
        }
        of->high += page;
    }
    return true;
}

/* Words are aligned, so that one of which the beginning may be read may be read whole. */
static inline bool may_read(walk *of, uintptr_t address)
{
    if (address % sizeof(uintptr_t) != 0)
        return false;
    return (address >= of->low && address < of->high) || extend(of, address);
}

/* The sanitizers must not mind that other functions' frames are looked at. */
__attribute__((no_sanitize("address"), no_sanitize("thread"))) static inline uintptr_t
read_word(uintptr_t address)
{
    return *(const uintptr_t *)address;
}

/* Chooses the bounds of the stack on which an address lies; `known` bytes from there are mapped. If
 * nothing is known, `high` is the beginning of its page, and nothing may be read yet. */
static void enter_stack(walk *of, uintptr_t address, size_t known)
{
    of->low = address;
    if (address >= of->from->stack_low && address < of->from->stack_high) {
        of->high = of->from->stack_high;
        of->highest = of->high;
    } else {
        of->high = (address + known) & ~(uintptr_t)(hf_os_page_size() - 1);
        of->highest = of->high < UINTPTR_MAX - FOREIGN_MAX ? of->high + FOREIGN_MAX : 0;
    }
}

/* ---- the trail -------------------------------------------------------------------------------
 */

static void note(walk *of, uintptr_t at, uintptr_t value, unsigned list)
{
    hf_os_trail *trail = of->trail;
    uintptr_t offset = (at - of->from->site) / sizeof value;
    uint32_t count = trail->count[list];
    if (offset > UINT16_MAX || count == HF_OS_TRAIL_MAX) {
        trail->whole = false;
        return;
    }
    trail->offsets[list][count] = (uint16_t)offset;
    trail->values[list][count] = list == HF_OS_RELATIVE ? value - of->from->site : value;
    trail->count[list]++;
}

/* A frame pointer matters only if a rule asks for it. */
static uintptr_t use_fp(walk *of)
{
    if (of->fp_read_at != 0)
        note(of, of->fp_read_at, of->fp, HF_OS_RELATIVE);
    of->fp_read_at = 0;
    return of->fp;
}

static void set_fp(walk *of, uintptr_t at)
{
    of->fp = read_word(at);
    of->fp_read_at = at;
}

/* ---- steps -----------------------------------------------------------------------------------
 */

/* Goes to the caller, given where the stack pointer will be, and where the frame pointer was saved
 * (0: it was not).  False: there is no such place. */
static inline bool step_to(walk *of, uintptr_t cfa, uintptr_t saved_at)
{
    uintptr_t at = cfa - sizeof cfa;
    if (cfa <= of->sp || !may_read(of, at) || (saved_at != 0 && !may_read(of, saved_at)))
        return false;
    if (saved_at != 0)
        set_fp(of, saved_at);
    of->sp = cfa;
    of->pc = read_word(at);
    note(of, at, of->pc, HF_OS_PLAIN);
    return true;
}

static bool step_regular(walk *of, hf_rule rule, uintptr_t base)
{
    uintptr_t cfa = base + hf_rule_offset(rule) * sizeof cfa;
    unsigned saved = hf_rule_saved(rule);
    return step_to(of, cfa, saved == 0 ? 0 : cfa - saved * sizeof cfa);
}

static bool step_realigned(walk *of, hf_rule rule)
{
    uintptr_t fp = use_fp(of);
    uintptr_t at = fp - hf_rule_offset(rule) * sizeof fp;
    if (fp < of->sp || !may_read(of, at))
        return false;
    uintptr_t cfa = read_word(at);
    note(of, at, cfa, HF_OS_RELATIVE);
    return step_to(of, cfa, fp);
}

/* To what a signal interrupted, which may lie on another stack. */
static bool step_signal(walk *of)
{
    uintptr_t at = of->sp;
    if (!may_read(of, at + HF_SIGNAL_FRAME_POINTER) || !may_read(of, at + HF_SIGNAL_ADDRESS))
        return false;
    set_fp(of, at + HF_SIGNAL_FRAME_POINTER);
    (void)use_fp(of); /* it comes before the words that follow, so it is noted before them */
    of->pc = read_word(at + HF_SIGNAL_ADDRESS);
    of->sp = read_word(at + HF_SIGNAL_STACK_POINTER);
    note(of, at + HF_SIGNAL_ADDRESS, of->pc, HF_OS_PLAIN);
    note(of, at + HF_SIGNAL_STACK_POINTER, of->sp, HF_OS_RELATIVE);
    if (of->sp <= at || of->sp - of->low >= of->high - of->low) {
        of->trail->whole = false;
        enter_stack(of, of->sp, 0);
    }
    return true;
}

/* By the frame pointer, where there is nothing better. */
static bool step_guessed(walk *of)
{
    uintptr_t fp = use_fp(of);
    if (fp < of->sp || !may_read(of, fp) || !may_read(of, fp + sizeof fp))
        return false;
    if (!hf_os_is_code(read_word(fp + sizeof fp) - 1)) {
        of->trail->whole = false; /* it is not on the trail; and what is code may change */
        return false;
    }
    return step_to(of, fp + 2 * sizeof fp, fp);
}

static bool step(walk *of, hf_rule rule)
{
    switch (hf_rule_kind(rule)) {
    case HF_RULE_BY_STACK:
        return step_regular(of, rule, of->sp);
    case HF_RULE_BY_FRAME:
        return step_regular(of, rule, use_fp(of));
    case HF_RULE_REALIGNED:
        return step_realigned(of, rule);
    case HF_RULE_SIGNAL:
        return step_signal(of);
    case HF_RULE_UNKNOWN:
        return step_guessed(of);
    default:
        return false;
    }
}

static void walk_on(walk *of)
{
    hf_rule rule = 0;
    while (of->pc != 0 && of->count < of->capacity) {
        of->frames[of->count++] = of->pc;
        /* The call comes before the address that it returns to; a signal may interrupt at the very
         * first instruction of a function. */
        uintptr_t address = hf_rule_kind(rule) == HF_RULE_SIGNAL ? of->pc : of->pc - 1;
        rule = rule_for(address, of->from->afresh);
        if (!step(of, rule))
            break;
    }
}

const bool hf_os_can_walk = true;

size_t hf_os_walk(const hf_os_walk_from *from, uintptr_t *frames, size_t capacity,
                  hf_os_trail *trail)
{
    walk now = {.from = from, .frames = frames, .capacity = capacity, .trail = trail};
    memset(trail->count, 0, sizeof trail->count);
    trail->whole = true;
    enter_stack(&now, from->site, hf_os_page_size());
    if (!may_read(&now, from->site) || !may_read(&now, from->site + sizeof(uintptr_t)))
        return 0;
    set_fp(&now, from->site);
    now.pc = read_word(from->site + sizeof(uintptr_t));
    now.sp = from->site + 2 * sizeof(uintptr_t);
    walk_on(&now);
    return now.count;
}

#else

const bool hf_os_can_walk = false;

size_t hf_os_walk(const hf_os_walk_from *from, uintptr_t *frames, size_t capacity,
                  hf_os_trail *trail)
{
    (void)from;
    (void)frames;
    (void)capacity;
    trail->whole = false;
    return 0;
}

void hf_os_code_changed(void)
{
}

#endif
