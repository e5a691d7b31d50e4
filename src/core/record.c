/* Taking and giving back thread records, publishing hazards, scanning.
 *
 * Why a hazard that counts is never missed.  An enterer stores its hazard, then loads the state; a
 * closer changes the state, then scans.  (1) With the asymmetric barrier: when hf_record_barrier
 * returns, each other thread has executed a full barrier since the state changed.  A hazard stored
 * before that point is visible to the scan; one stored after it is followed by a load that sees the
 * change, so that its enter fails.  (2) With fences on both sides the same follows from the total
 * order of seq_cst operations: the exchange in hf_hazard_store against the closer's exchange or
 * fence. (3) A thread that takes its record after the closer looked at the bitmap has executed a
 * seq_cst read-modify-write on that bitmap after the closer's seq_cst load, and so loads the
 * changed state. Hence a closer that finds itself alone needs no barrier. (4) A scan looks at the
 * first slot of each line, and at the others only of *deep* records, whose threads have used them.
 * A thread marks its record deep before it publishes a hazard there: who must see the hazard, sees
 * the mark. */
#include "core/record.h"

#include "core/abandon.h"
#include "core/waiting.h"
#include "platform/sanitizer.h"

uint64_t hf_hazard_lines[HF_RECORDS + 1][HF_HAZARDS_PER_THREAD_]
    __attribute__((aligned(HF_HAZARDS_PER_THREAD_ * sizeof(uint64_t))));
hf_record hf_records[HF_RECORDS + 1];
static uint64_t taken[HF_RECORDS / 64]; /* bit b of word w: record w * 64 + b + 1 */
static uint32_t taken_words;            /* words from here on never had a bit; only grows */
static uint64_t deep[HF_RECORDS / 64];  /* the same records; a bit that is set stays set */
static uint64_t taken_at_fork[HF_RECORDS / 64];
static uint32_t peak; /* the highest record that was ever taken */

/* The line of those that have none: never free, no difference of tags, and in no region's place. */
#define NEVER UINT64_C(4)
static uint64_t no_hazards[HF_HAZARDS_PER_THREAD_] = {NEVER, NEVER, NEVER, NEVER,
                                                      NEVER, NEVER, NEVER, NEVER};

__thread uint64_t *hf_hazards_ __attribute__((tls_model("initial-exec"))) = no_hazards;
__thread hf_thread hf_this_thread;

/* How many words of the bitmap may have bits.  Seq_cst, as the looks at the words themselves: who
 * misses a word that is just coming into use does not miss more than who misses its first bit. */
static uint32_t words_now(void)
{
    return __atomic_load_n(&taken_words, __ATOMIC_SEQ_CST);
}

static void use_word(uint32_t word)
{
    uint32_t words = words_now();
    while (words <= word && !__atomic_compare_exchange_n(&taken_words, &words, word + 1, false,
                                                         __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
}

static uint32_t take_bit(void)
{
    for (uint32_t word = 0; word < HF_RECORDS / 64; word++) {
        uint64_t bits = __atomic_load_n(&taken[word], __ATOMIC_RELAXED);
        if (~bits != 0)
            use_word(word);
        while (~bits != 0) {
            uint64_t bit = ~bits & (bits + 1);
            /* Seq_cst: point (3) above; partner is the load in hf_record_is_alone. */
            if (__atomic_compare_exchange_n(&taken[word], &bits, bits | bit, false,
                                            __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
                return word * 64 + (uint32_t)__builtin_ctzll(bit) + 1;
        }
    }
    return 0;
}

static void note_peak(uint32_t record)
{
    uint32_t known = __atomic_load_n(&peak, __ATOMIC_RELAXED);
    while (known < record && !__atomic_compare_exchange_n(&peak, &known, record, true,
                                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

/* Records that nobody has are poisoned, unless the library is itself instrumented: scans look at
 * records without asking for long whose they are. */
static void hide(uint32_t record)
{
    if (!HF_INSTRUMENTED)
        hf_poison(&hf_records[record], sizeof(hf_record));
}

static void show(uint32_t record)
{
    if (!HF_INSTRUMENTED)
        hf_unpoison(&hf_records[record], sizeof(hf_record));
}

void hf_record_hide_unused(void)
{
    for (uint32_t record = 1; record <= HF_RECORDS && hf_poisons(); record++)
        if (!hf_record_is_taken(record))
            hide(record);
}

static void give_bit(uint32_t record)
{
    hide(record);
    uint64_t bit = UINT64_C(1) << ((record - 1) % 64);
    /* Release: the record is clean before it is anybody's again.  Partner: the RMW in take_bit. */
    (void)__atomic_fetch_and(&taken[(record - 1) / 64], ~bit, __ATOMIC_RELEASE);
}

static void give_record(void *argument)
{
    uint32_t record = (uint32_t)(uintptr_t)argument;
    if (hf_this_thread.record != record)
        return;
    hf_abandon_regions(record);
    hf_this_thread.record = 0;
    hf_hazards_ = no_hazards;
    hf_gate_abandon();
    give_bit(record);
}

static uint32_t take(void)
{
    uint32_t record = take_bit();
    if (record == 0)
        return 0;
    note_peak(record);
    show(record);
    if (!hf_os_at_thread_exit(give_record, (void *)(uintptr_t)record)) {
        give_bit(record);
        return 0;
    }
    for (uint32_t i = 0; i < HF_HAZARDS_PER_THREAD_; i++)
        __atomic_store_n(&hf_hazard_lines[record][i], HF_HAZARD_FREE_, __ATOMIC_RELAXED);
    __atomic_store_n(&hf_records[record].thread, hf_event_thread(), __ATOMIC_RELAXED);
    hf_waiting_forget(record);
    hf_this_thread.record = record;
    if (hf_os_barrier_is_asymmetric())
        hf_hazards_ = hf_hazard_lines[record];
    /* Orders the bit before this thread's first look at a state.  Partner: hf_record_is_alone. */
    hf_full_fence();
    hf_gate_adopt(&hf_records[record].window);
    return record;
}

/* In a window, as a stranger: a fork that remembers the records must not miss one. */
uint32_t hf_record_take(void)
{
    hf_window window = hf_gate_enter(HF_WINDOW);
    uint32_t record = take();
    hf_gate_leave(window);
    return record;
}

void hf_hazard_store(uint64_t *hazard, uint64_t handle)
{
    if (hf_os_barrier_is_asymmetric()) {
        /* Release: partner is the acquire load in hazard_in. */
        __atomic_store_n(hazard, handle, __ATOMIC_RELEASE);
        HF_LIGHT_BARRIER_();
    } else {
        /* Seq_cst: partner is the closer's seq_cst operation before its scan. */
        (void)__atomic_exchange_n(hazard, handle, __ATOMIC_SEQ_CST);
    }
}

void hf_record_deepen(uint32_t record)
{
    uint64_t *word = &deep[(record - 1) / 64];
    uint64_t bit = UINT64_C(1) << ((record - 1) % 64);
    /* Point (4): no later than the hazard, whose store is a release at least.  Partner: the look at
     * the bits in a scan, which comes after the closer's barrier as that at the hazards does. */
    if ((__atomic_load_n(word, __ATOMIC_RELAXED) & bit) == 0)
        (void)__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST);
}

bool hf_record_is_alone(void)
{
    uint64_t others = 0;
    uint32_t own = hf_this_thread.record;
    for (uint32_t word = 0, end = words_now(); word < end; word++) {
        uint64_t bits = __atomic_load_n(&taken[word], __ATOMIC_SEQ_CST);
        if (own != 0 && (own - 1) / 64 == word)
            bits &= ~(UINT64_C(1) << ((own - 1) % 64));
        others |= bits;
    }
    return others == 0;
}

void hf_record_barrier(void)
{
    /* Orders the closer's change of the state before its look at the bitmap.  Partner:
     * hf_record_take. */
    hf_full_fence();
    if (!hf_record_is_alone())
        hf_os_barrier_heavy();
}

static inline uint64_t hazard_in(const uint64_t *line, uint32_t i)
{
    /* Acquire: what was done inside the last region of a hazard slot comes before what we do next.
     * Partner: the release stores of enter and leave. */
    return __atomic_load_n(&line[i], __ATOMIC_ACQUIRE);
}

/* Most lines are idle: that is asked with one instruction a slot, hence written out. */
static inline bool is_idle(const uint64_t *line)
{
    _Static_assert(HF_HAZARDS_PER_THREAD_ == 8, "all of them");
    uint64_t low =
        hazard_in(line, 0) | hazard_in(line, 1) | hazard_in(line, 2) | hazard_in(line, 3);
    uint64_t high =
        hazard_in(line, 4) | hazard_in(line, 5) | hazard_in(line, 6) | hazard_in(line, 7);
    return (low | high) == HF_HAZARD_FREE_; /* handles are odd */
}

static bool line_holds(uint32_t record, uint64_t handle)
{
    const uint64_t *line = hf_hazard_lines[record];
    bool found = false;
    if (is_idle(line))
        return false;
    for (uint32_t i = 0; i < HF_HAZARDS_PER_THREAD_; i++)
        found |= hazard_in(line, i) == handle;
    return found;
}

enum { OCTET = 8, OCTET_BITS = (1 << OCTET) - 1 };

static inline bool first_is(uint32_t record, uint64_t handle)
{
    return hazard_in(hf_hazard_lines[record], 0) == handle;
}

/* Whether a first slot of eight records holds the handle.  Those that are not taken are free. */
static bool octet_holds(uint32_t first, uint64_t handle)
{
    return first_is(first, handle) || first_is(first + 1, handle) || first_is(first + 2, handle) ||
           first_is(first + 3, handle) || first_is(first + 4, handle) ||
           first_is(first + 5, handle) || first_is(first + 6, handle) ||
           first_is(first + 7, handle);
}

static bool lines_hold(uint32_t first, uint64_t bits, uint64_t handle)
{
    for (; bits != 0; bits &= bits - 1)
        if (line_holds(first + (uint32_t)__builtin_ctzll(bits), handle))
            return true;
    return false;
}

/* By eights: bits are given from the lowest on, so that records lie densely. */
bool hf_record_scan(uint64_t handle)
{
    for (uint32_t word = 0, end = words_now(); word < end; word++) {
        uint64_t bits = __atomic_load_n(&taken[word], __ATOMIC_ACQUIRE);
        uint64_t below = bits & __atomic_load_n(&deep[word], __ATOMIC_ACQUIRE);
        uint32_t first = word * 64 + 1;
        for (; bits != 0; bits >>= OCTET, below >>= OCTET, first += OCTET)
            if (((bits & OCTET_BITS) != 0 && octet_holds(first, handle)) ||
                lines_hold(first, below & OCTET_BITS, handle))
                return true;
    }
    return false;
}

static void view_line(hf_view *view, uint32_t record, uint32_t slots)
{
    const uint64_t *line = hf_hazard_lines[record];
    for (uint32_t i = 0; i < slots; i++) {
        uint64_t handle = hazard_in(line, i);
        if (handle == HF_HAZARD_FREE_)
            continue;
        if (view->count < HF_VIEW_SIZE)
            view->handles[view->count++] = handle;
        else
            view->whole = false;
    }
}

void hf_view_take(hf_view *view)
{
    view->count = 0;
    view->whole = true;
    for (uint32_t word = 0, end = words_now(); word < end; word++) {
        uint64_t bits = __atomic_load_n(&taken[word], __ATOMIC_ACQUIRE);
        uint64_t below = __atomic_load_n(&deep[word], __ATOMIC_ACQUIRE);
        for (; bits != 0; bits &= bits - 1) {
            uint32_t bit = (uint32_t)__builtin_ctzll(bits);
            view_line(view, word * 64 + bit + 1,
                      (below >> bit & 1) != 0 ? HF_HAZARDS_PER_THREAD_ : 1);
        }
    }
}

static bool list_holds(const hf_record *record, uint64_t handle)
{
    for (uint32_t i = 0; i < HF_HELD_PER_THREAD; i++)
        if (__atomic_load_n(&record->held[i], __ATOMIC_RELAXED) == handle)
            return true;
    return false;
}

static bool is_inside(const hf_record *record, uint64_t handle)
{
    for (uint32_t i = 0; i < HF_INSIDE_PER_THREAD; i++)
        if (hf_inside_at(record, i) == handle)
            return true;
    return false;
}

bool hf_record_holds(uint64_t handle)
{
    uint32_t own = hf_this_thread.record;
    const hf_record *record = &hf_records[own];
    return hf_this_thread.unlisted != 0 ||
           (own != 0 &&
            (line_holds(own, handle) || list_holds(record, handle) || is_inside(record, handle)));
}

static bool visit_list(const uint64_t *list, uint32_t count, uint64_t nothing,
                       bool (*visit)(void *context, uint64_t handle), void *context)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t handle = __atomic_load_n(&list[i], __ATOMIC_RELAXED);
        if (handle != nothing && !visit(context, handle))
            return false;
    }
    return true;
}

static void visit_inside(const hf_record *record, bool (*visit)(void *context, uint64_t handle),
                         void *context)
{
    for (uint32_t i = 0; i < HF_INSIDE_PER_THREAD; i++) {
        uint64_t handle = hf_inside_at(record, i);
        if (handle != 0 && !visit(context, handle))
            return;
    }
}

void hf_record_visit_own(bool (*visit)(void *context, uint64_t handle), void *context)
{
    uint32_t own = hf_this_thread.record;
    const hf_record *record = &hf_records[own];
    if (own != 0 &&
        visit_list(hf_hazard_lines[own], HF_HAZARDS_PER_THREAD_, HF_HAZARD_FREE_, visit, context) &&
        visit_list(record->held, HF_HELD_PER_THREAD, 0, visit, context))
        visit_inside(record, visit, context);
}

bool hf_record_is_inside(uint64_t handle)
{
    uint32_t own = hf_this_thread.record;
    return own != 0 && is_inside(&hf_records[own], handle);
}

static bool visit_record(uint32_t number, uint64_t handle, hf_record_visitor visit, void *context)
{
    const hf_record *record = &hf_records[number];
    hf_event_holder holder = {
        .entered = {.thread = hf_record_thread(number)}, .hold = HF_HOLD_HAZARD, .held = {handle}};
    for (uint32_t i = 0; i < HF_HAZARDS_PER_THREAD_; i++)
        if (__atomic_load_n(&hf_hazard_lines[number][i], __ATOMIC_ACQUIRE) == handle &&
            !visit(context, &holder))
            return false;
    holder.hold = HF_HOLD_COUNTED;
    for (uint32_t i = 0; i < HF_HELD_PER_THREAD; i++) {
        if (__atomic_load_n(&record->held[i], __ATOMIC_RELAXED) != handle)
            continue;
        holder.entered.stack = __atomic_load_n(&record->held_stack[i], __ATOMIC_RELAXED);
        if (!visit(context, &holder))
            return false;
    }
    holder = (hf_event_holder){
        .entered = holder.entered, .hold = HF_HOLD_RELEASING, .held = holder.held};
    holder.entered.stack = 0;
    return !is_inside(record, handle) || visit(context, &holder);
}

void hf_record_visit(uint64_t handle, hf_record_visitor visit, void *context)
{
    for (uint32_t word = 0, end = words_now(); word < end; word++) {
        uint64_t bits = __atomic_load_n(&taken[word], __ATOMIC_ACQUIRE);
        for (; bits != 0; bits &= bits - 1)
            if (!visit_record(word * 64 + (uint32_t)__builtin_ctzll(bits) + 1, handle, visit,
                              context))
                return;
    }
}

/* ---- notes ---------------------------------------------------------------------------------- */

/* Where there is no room, nothing is noted: the child of a fork then loses what the note was for.
 */
void hf_note_begin(hf_note_kind kind, uint64_t subject)
{
    uint32_t own = hf_record_current();
    uint32_t count = hf_this_thread.notes;
    hf_this_thread.notes = count + 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a handler takes the next place */
    if (own == 0 || count >= HF_NOTES_PER_THREAD)
        return;
    hf_note *note = &hf_records[own].notes[count];
    __atomic_store_n(&note->kind, (uint32_t)kind, __ATOMIC_RELAXED);
    __atomic_store_n(&note->subject, subject, __ATOMIC_RELEASE);
}

void hf_note_end(void)
{
    uint32_t last = hf_this_thread.notes - 1;
    if (last < HF_NOTES_PER_THREAD)
        __atomic_store_n(&hf_records[hf_this_thread.record].notes[last].subject, UINT64_C(0),
                         __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    hf_this_thread.notes = last;
}

void hf_note_change(hf_note_kind kind)
{
    uint32_t last = hf_this_thread.notes - 1;
    if (last < HF_NOTES_PER_THREAD)
        __atomic_store_n(&hf_records[hf_this_thread.record].notes[last].kind, (uint32_t)kind,
                         __ATOMIC_RELAXED);
}

bool hf_note_is_own(hf_note_kind kind, uint64_t subject)
{
    const hf_record *record = &hf_records[hf_this_thread.record];
    for (uint32_t i = 0; i < HF_NOTES_PER_THREAD; i++)
        if (__atomic_load_n(&record->notes[i].subject, __ATOMIC_RELAXED) == subject &&
            record->notes[i].kind == (uint32_t)kind)
            return true;
    return false;
}

/* ---- forks ---------------------------------------------------------------------------------- */

static uint64_t bit_of(const uint64_t *bitmap, uint32_t record)
{
    return __atomic_load_n(&bitmap[(record - 1) / 64], __ATOMIC_ACQUIRE) >> ((record - 1) % 64) & 1;
}

uint32_t hf_record_peak(void)
{
    return __atomic_load_n(&peak, __ATOMIC_RELAXED);
}

bool hf_record_is_taken(uint32_t record)
{
    return bit_of(taken, record) != 0;
}

void hf_record_remember(void)
{
    for (uint32_t word = 0; word < HF_RECORDS / 64; word++)
        __atomic_store_n(&taken_at_fork[word], __atomic_load_n(&taken[word], __ATOMIC_ACQUIRE),
                         __ATOMIC_RELAXED);
}

bool hf_record_is_orphan(uint32_t record)
{
    return record != hf_this_thread.record && bit_of(taken_at_fork, record) != 0 &&
           bit_of(taken, record) != 0;
}

void hf_record_bury(uint32_t record)
{
    hf_record *of = &hf_records[record];
    for (uint32_t i = 0; i < HF_INSIDE_PER_THREAD; i++)
        __atomic_store_n(&of->inside[i], UINT64_C(0), __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < HF_NOTES_PER_THREAD; i++)
        __atomic_store_n(&of->notes[i].subject, UINT64_C(0), __ATOMIC_RELAXED);
    hf_waiting_forget(record);
    __atomic_store_n(&of->window, 0u, __ATOMIC_RELAXED);
    give_bit(record);
}
