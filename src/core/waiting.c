/* Publishing waits, and telling what a waiting thread holds.
 *
 * Each wait that may block takes one of a fixed number of places and fills it in.  The place is a
 * sequence lock: an even number while nobody waits there, odd while its fields are valid, and never
 * the same for two waits that follow each other, so that a reader knows a wait again.  A bitmap of
 * the places in use lets a search look only at threads that wait.
 *
 * What a thread holds is not copied: it stands in its record (hazards, listed regions, functions
 * that run) and in its list of locks.  Those are plain stores; the fence of hf_waiting_publish
 * comes after them, so that whoever fences after it sees them. */
#include "core/waiting.h"

#include "core/cold.h"
#include "core/registry.h"

typedef struct place {
    uint32_t sequence;
    uint32_t record;
    uint32_t kind;
    uint32_t hazards;
    uint32_t locks;
    uint32_t inside;
    uint64_t held;
    uint64_t word;
    hf_table *table;
    uint64_t where;
} place;

typedef struct lock_list {
    uint64_t locks[HF_LOCKS_PER_THREAD];
    uint32_t stacks[HF_LOCKS_PER_THREAD];
} lock_list;

static uint64_t taken[HF_WAITINGS / 64]; /* bit b of word w: place w * 64 + b + 1 */
static place places[HF_WAITINGS + 1];
static lock_list lock_lists[HF_RECORDS + 1];

#define PUT(field, word) __atomic_store_n(&(field), (word), __ATOMIC_RELAXED)
#define GET(field)       __atomic_load_n(&(field), __ATOMIC_RELAXED)

/* ---- places --------------------------------------------------------------------------------- */

static uint32_t take_place(uint32_t record)
{
    /* Mostly a thread finds a place of its own. */
    for (uint32_t i = 0; i < HF_WAITINGS / 64; i++) {
        uint32_t word = ((record - 1) / 64 + i) % (HF_WAITINGS / 64);
        uint64_t bits = GET(taken[word]);
        while (~bits != 0) {
            uint64_t own = UINT64_C(1) << ((record - 1) % 64);
            uint64_t bit = i == 0 && (bits & own) == 0 ? own : ~bits & (bits + 1);
            /* Acquire: the last user is done with it.  Partner: the release in hf_waiting_end. */
            if (__atomic_compare_exchange_n(&taken[word], &bits, bits | bit, false,
                                            __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                return word * 64 + (uint32_t)__builtin_ctzll(bit) + 1;
        }
    }
    return 0;
}

static void fill(place *at, const hf_waiting *own)
{
    PUT(at->record, own->record);
    PUT(at->kind, (uint32_t)own->awaited.kind);
    PUT(at->word, own->awaited.word);
    PUT(at->table, own->awaited.table);
    PUT(at->where, (uint64_t)own->where.thread << 32 | own->where.stack);
    PUT(at->held, own->holds.held);
    PUT(at->hazards, own->holds.hazards);
    PUT(at->locks, own->holds.locks);
    PUT(at->inside, own->holds.inside);
}

uint32_t hf_waiting_publish(const hf_waiting *own)
{
    uint32_t number = take_place(own->record);
    if (number != 0) {
        place *at = &places[number];
        /* Orders the even number before the fields.  Partner: the fence in hf_waiting_read. */
        hf_release_fence();
        fill(at, own);
        /* Release: the fields come before.  Partner: the acquire in hf_waiting_read. */
        __atomic_store_n(&at->sequence, GET(at->sequence) + 1, __ATOMIC_RELEASE);
    }
    /* Orders this wait, and what the thread holds, before its look at others.  Partner: itself, in
     * every thread that waits: of two the later one sees what the earlier one published. */
    hf_full_fence();
    return number;
}

void hf_waiting_end(uint32_t number)
{
    if (number == 0)
        return;
    uint64_t bit = UINT64_C(1) << ((number - 1) % 64);
    /* Release: whoever sees a later field sees this too.  Partner: the fence in hf_waiting_read. */
    __atomic_store_n(&places[number].sequence, GET(places[number].sequence) + 1, __ATOMIC_RELEASE);
    /* Release: partner is the acquire in take_place. */
    (void)__atomic_fetch_and(&taken[(number - 1) / 64], ~bit, __ATOMIC_RELEASE);
}

uint32_t hf_waiting_next(uint32_t number)
{
    for (uint32_t word = number / 64; word < HF_WAITINGS / 64; word++) {
        /* Acquire: partner is the RMW in take_place. */
        uint64_t bits = __atomic_load_n(&taken[word], __ATOMIC_ACQUIRE);
        if (word == number / 64)
            bits &= ~UINT64_C(0) << (number % 64);
        if (bits != 0)
            return word * 64 + (uint32_t)__builtin_ctzll(bits) + 1;
    }
    return 0;
}

bool hf_waiting_read(uint32_t number, hf_waiting *out)
{
    const place *at = &places[number];
    /* Acquire: partner is the release in hf_waiting_publish. */
    uint32_t sequence = __atomic_load_n(&at->sequence, __ATOMIC_ACQUIRE);
    uint64_t where = GET(at->where);
    if (sequence % 2 == 0)
        return false;
    *out = (hf_waiting){.sequence = sequence,
                        .record = GET(at->record),
                        .awaited = {.kind = (hf_awaited_kind)GET(at->kind),
                                    .word = GET(at->word),
                                    .table = GET(at->table)},
                        .where = {.stack = (uint32_t)where, .thread = (uint32_t)(where >> 32)},
                        .holds = {.held = GET(at->held),
                                  .hazards = GET(at->hazards),
                                  .locks = GET(at->locks),
                                  .inside = GET(at->inside)}};
    /* Orders the copy before the second look.  Partner: the fence in hf_waiting_publish. */
    hf_acquire_fence();
    return GET(at->sequence) == sequence;
}

/* ---- what a thread holds -------------------------------------------------------------------- */

static uint32_t least(uint32_t left, uint32_t right)
{
    return left < right ? left : right;
}

hf_waiting hf_waiting_make(uint32_t record, const hf_awaited *awaited, hf_trace where)
{
    const hf_record *own = hf_record_at(record);
    hf_waiting made = {.record = record,
                       .awaited = *awaited,
                       .where = where,
                       .holds = {.inside = least(hf_this_thread.inside, HF_INSIDE_PER_THREAD)}};
    for (uint32_t i = 0; i < HF_HAZARDS_PER_THREAD_; i++)
        if (GET(hf_record_hazards(record)[i]) != HF_HAZARD_FREE_)
            made.holds.hazards |= UINT32_C(1) << i;
    for (uint32_t i = 0; i < HF_HELD_PER_THREAD; i++)
        if (GET(own->held[i]) != 0)
            made.holds.held |= UINT64_C(1) << i;
    for (uint32_t i = 0; i < HF_LOCKS_PER_THREAD; i++)
        if (GET(lock_lists[record].locks[i]) != 0)
            made.holds.locks |= UINT32_C(1) << i;
    return made;
}

/* Whether the handle's slot is not free yet.  When it is, and only the completion runs, the value
 * is released and the parent dropped: that keeps nobody, though who waits may still have to wake.
 */
static bool has_slot(const hf_table *table, uint64_t raw)
{
    return hf_raw_is_plausible(table, raw) &&
           hf_state_is_life_of(hf_state_load(hf_slot_at(table, hf_raw_index(raw))), raw);
}

/* Whether a handle, while somebody holds it, keeps the awaited one from release: it is the same, or
 * descends from it.  A parent is older than its child, so the way up ends. */
static bool keeps(uint64_t handle, const hf_awaited *awaited)
{
    const hf_table *table = awaited->table;
    uint64_t secret = table->head.secret;
    if (!has_slot(table, handle ^ secret))
        return false;
    if (handle == awaited->word)
        return true;
    if (hf_cold_children(table, awaited->word ^ secret) == 0)
        return false;
    hf_handle at = {handle};
    while (!hf_handle_is_null(at) && at.bits != awaited->word)
        at = hf_cold_parent(table, at.bits ^ secret);
    return at.bits == awaited->word;
}

static bool tell(hf_event_holder *how, hf_hold_kind hold, uint64_t word, uint32_t stack)
{
    if (how != NULL) {
        how->hold = hold;
        how->entered.stack = stack;
        if (hold == HF_HOLD_LOCK)
            how->held_lock = (const void *)(uintptr_t)word;
        else
            how->held = (hf_handle){word};
    }
    return true;
}

static bool holds_handle(const hf_waiting *who, const hf_awaited *awaited, hf_event_holder *how)
{
    const hf_record *record = hf_record_at(who->record);
    const uint64_t *line = hf_record_hazards(who->record);
    for (uint64_t bits = who->holds.hazards; bits != 0; bits &= bits - 1) {
        uint64_t handle = GET(line[__builtin_ctzll(bits)]);
        if (keeps(handle, awaited))
            return tell(how, HF_HOLD_HAZARD, handle, 0);
    }
    for (uint64_t bits = who->holds.held; bits != 0; bits &= bits - 1) {
        int i = __builtin_ctzll(bits);
        uint64_t handle = GET(record->held[i]);
        if (keeps(handle, awaited))
            return tell(how, HF_HOLD_COUNTED, handle, GET(record->held_stack[i]));
    }
    for (uint32_t i = 0; i < who->holds.inside; i++) {
        uint64_t handle = hf_inside_at(record, i);
        if (keeps(handle, awaited))
            return tell(how, HF_HOLD_RELEASING, handle, 0);
    }
    return false;
}

static bool holds_lock(const hf_waiting *who, const hf_awaited *awaited, hf_event_holder *how)
{
    const lock_list *list = &lock_lists[who->record];
    for (uint64_t bits = who->holds.locks; bits != 0; bits &= bits - 1) {
        int i = __builtin_ctzll(bits);
        if (GET(list->locks[i]) == awaited->word)
            return tell(how, HF_HOLD_LOCK, awaited->word, GET(list->stacks[i]));
    }
    return false;
}

bool hf_waiting_holds(const hf_waiting *who, const hf_awaited *awaited, hf_event_holder *how)
{
    if (how != NULL)
        *how = (hf_event_holder){.entered = {.thread = hf_record_thread(who->record)}};
    return awaited->kind == HF_AWAITED_LOCK ? holds_lock(who, awaited, how)
                                            : holds_handle(who, awaited, how);
}

/* ---- reports -------------------------------------------------------------------------------- */

void hf_waiting_describe(const hf_waiting *from, hf_event_holder *holder)
{
    holder->waits = from->where;
    holder->waits.thread = hf_record_thread(from->record);
    if (from->awaited.kind == HF_AWAITED_LOCK)
        holder->awaited_lock = (const void *)(uintptr_t)from->awaited.word;
    else
        holder->awaited = (hf_handle){from->awaited.word};
}

void hf_waiting_describe_thread(hf_event_holder *holder)
{
    for (uint32_t number = hf_waiting_next(0); number != 0; number = hf_waiting_next(number)) {
        hf_waiting one;
        if (holder->entered.thread != 0 && hf_waiting_read(number, &one) &&
            hf_record_thread(one.record) == holder->entered.thread)
            hf_waiting_describe(&one, holder);
    }
}

/* ---- locks, and threads that come and go ---------------------------------------------------- */

void hf_locks_add(uint32_t record, const void *lock, uint32_t stack)
{
    lock_list *list = &lock_lists[record];
    for (uint32_t i = 0; i < HF_LOCKS_PER_THREAD; i++) {
        if (GET(list->locks[i]) != 0)
            continue;
        PUT(list->stacks[i], stack);
        PUT(list->locks[i], (uint64_t)(uintptr_t)lock);
        return;
    }
}

void hf_locks_remove(uint32_t record, const void *lock)
{
    lock_list *list = &lock_lists[record];
    for (uint32_t i = 0; i < HF_LOCKS_PER_THREAD; i++) {
        if (GET(list->locks[i]) != (uint64_t)(uintptr_t)lock)
            continue;
        PUT(list->locks[i], UINT64_C(0));
        return;
    }
}

void hf_waiting_forget(uint32_t record)
{
    for (uint32_t i = 0; i < HF_LOCKS_PER_THREAD; i++)
        PUT(lock_lists[record].locks[i], UINT64_C(0));
    for (uint32_t number = hf_waiting_next(0); number != 0; number = hf_waiting_next(number)) {
        hf_waiting one;
        if (hf_waiting_read(number, &one) && one.record == record)
            hf_waiting_end(number);
    }
}
