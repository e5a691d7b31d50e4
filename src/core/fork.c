/* Fork.
 *
 * The child has one thread and a copy of everything, taken at one moment: whatever any other thread
 * was in the midst of stays as it was then, for ever.  Three things follow.
 *
 * (1) What is one word, or lock-free, is whole at any moment: states, hazards, the shared stacks
 *     and queues of free slots, the entries of namespaces, the report side's stores and sets.  The
 *     price of a thread that was stopped there is what it had in its hands.
 * (2) What is several words is changed inside a window of the gate, and the fork waits until nobody
 *     is in one (platform/gate.h): a count and the list entry or note that says whose it is; a slot
 *     that is taken and published; the steps of closing from CLOSED to SEALED, the barrier
 *     included; the end of a slot's life, and of what it held of its parent.
 * (3) What lasts longer, because a function of the user runs in it, is noted in the thread's record
 *     (core/record.h): which handles it has claimed, which counts it holds for the library, which
 *     slots it fills, what it closes and waits for.
 *
 * The child reads the records of the others as a list of what to put in order:
 *
 *   claimed          whoever had claimed the handle released the value, or handed it out, or was
 *                    about to; in the parent that goes on.  It counts as released here: the slot is
 *                    freed without a call, and the parent dropped.
 *   regions, counts  given back, as if they had been left.
 *   a slot taken     given back.
 *   a commit begun   taken back: the handle is reserved, as before.
 *   closing          sealed if it was not; a waiter's mark is cleared, for nobody waits.
 *   a table pinned   unpinned, and cleaned if it is destroyed.
 *
 * Only then are policies applied, so that nothing that is to be poisoned was released by the first
 * part, and only then is released what nobody holds any more: functions of the user run last, when
 * all is in order.
 *
 * When the gate was in vain, because somebody is stopped in a window for ever, or came too late to
 * wait, the child may find him half-way.  The order of the writes in each window makes that
 * harmless: (4) a region or count is listed after it was taken and struck off before it is given
 * back, so what is listed is held; what is held and not listed stays held for ever; (5) a slot is
 * noted after it was taken, and its state tells whether it was published: so a slot that is given
 * back is in no list; one that was not noted is lost; (6) a claim is noted before it is tried and
 * until the slot's next life, and the state tells whether it was won.  If the forking thread has a
 * note of the same handle, it is the winner, or the loser too; then the handle is left to it; (7) a
 * magazine that may be half-changed is dropped.  All others stay where they are: they fall to the
 * next thread that takes the record.
 *
 * A thread without a record (core/record.h says when) leaves no notes.  What it held stays held. */
#include "core/fork.h"

#include "core/bag.h"
#include "core/close.h"
#include "core/exit.h"
#include "core/group.h"
#include "core/owners.h"
#include "core/registry.h"
#include "core/signal.h"

#define PATIENCE_NS INT64_C(1000000000) /* with all that are in windows together */

/* Of who builds on core. */
static const hf_os_fork_handlers *outer_handlers;

void hf_fork_outer(const hf_os_fork_handlers *handlers)
{
    __atomic_store_n(&outer_handlers, handlers, __ATOMIC_RELEASE);
}

static const hf_os_fork_handlers *outer(void)
{
    static const hf_os_fork_handlers none = {0};
    /* Acquire: partner is the release in hf_fork_outer. */
    const hf_os_fork_handlers *handlers = __atomic_load_n(&outer_handlers, __ATOMIC_ACQUIRE);
    return handlers != NULL ? handlers : &none;
}

static void call(void (*handler)(void))
{
    if (handler != NULL)
        handler();
}

/* ---- before --------------------------------------------------------------------------------- */

static void prepare(void)
{
    int error = hf_os_error();
    call(outer()->prepare);
    hf_gate_shut();
    int64_t deadline = hf_os_now_ns() + PATIENCE_NS;
    for (uint32_t record = 1; record <= hf_record_peak(); record++)
        if (record != hf_this_thread.record && hf_record_is_taken(record))
            hf_gate_await(&hf_record_at(record)->window, deadline);
    hf_gate_await_strangers(deadline);
    hf_record_remember();
    hf_os_set_error(error);
}

static void in_parent(void)
{
    int error = hf_os_error();
    hf_gate_open();
    call(outer()->parent);
    hf_os_set_error(error);
}

/* ---- what others were in the midst of ------------------------------------------------------- */

/* Goes from table to table: answers the next that is in use, NULL after the last. */
static hf_table *next_table(uint32_t *number)
{
    hf_table *table;
    while ((table = hf_registry_at((*number)++)) != NULL)
        if (__atomic_load_n(&table->phase, __ATOMIC_ACQUIRE) >= HF_TABLE_OPEN)
            break;
    return table;
}

static bool find_anywhere(uint64_t handle, hf_subject *out)
{
    hf_table *table = hf_registry_find((hf_handle){handle}, NULL);
    return hf_subject_find(table, (hf_handle){handle}, out);
}

/* Leaves a handle that may be claimable now to the end of the child's handler. */
static void consider(const hf_subject *subject)
{
    uint64_t state = hf_state_load(subject->slot);
    if (hf_state_is_life_of(state, subject->raw) && (state & HF_CLOSED) != 0)
        hf_defer(subject->table, subject->handle);
}

/* Whether this thread might itself be at work on the handle. */
static bool is_own(uint64_t handle)
{
    return hf_this_thread.unlisted != 0 || hf_record_is_inside(handle);
}

static void end_claim(uint64_t handle)
{
    hf_subject subject;
    const uint64_t claimed = HF_CLOSED | HF_RELEASED;
    if (handle == 0 || is_own(handle) || !find_anywhere(handle, &subject))
        return;
    uint64_t state = hf_state_load(subject.slot);
    if (!hf_state_is_life_of(state, subject.raw) || (state & (claimed | HF_LIVE_)) != claimed)
        return;
    hf_subject parent;
    hf_handle next = hf_release_orphan(&subject);
    if (!hf_handle_is_null(next) && hf_subject_find(subject.table, next, &parent))
        consider(&parent);
}

static void end_count(const hf_subject *subject)
{
    uint64_t left;
    if (hf_give_count(subject, &left))
        consider(subject);
}

static void end_child(const hf_subject *subject)
{
    hf_cold *cold = hf_cold_at(subject->table, hf_raw_index(subject->raw));
    if (cold != NULL)
        (void)__atomic_fetch_sub(&cold->children, 1, __ATOMIC_RELAXED);
    end_count(subject);
}

/* A slot that was taken is free, or reserved, and waits for its handle's life. */
static void end_open(const hf_subject *subject)
{
    uint64_t state = hf_state_load(subject->slot);
    uint32_t generation = hf_word_generation(state);
    bool taken = hf_state_is_free(state) &&
                 (generation != 0 ? generation : 1) == hf_word_generation(subject->raw);
    bool reserved = hf_state_is_life_of(state, subject->raw) && hf_state_is_reserved(state);
    if (taken || reserved)
        hf_free_orphan(subject, hf_cold_party(subject->table, subject->raw).value);
}

static void end_commit(const hf_subject *subject)
{
    const hf_type *type = hf_type_of(subject->table, subject->raw);
    uint64_t state = hf_state_load(subject->slot);
    if (!hf_state_is_life_of(state, subject->raw) || !hf_state_is_reserved(state))
        return;
    if (type->name_space != NULL && !subject->table->skip_checks)
        hf_owners_strike(type->name_space, hf_cold_party(subject->table, subject->raw).value,
                         subject->handle);
    (void)__atomic_fetch_and(&subject->slot->state, ~HF_SEALED, __ATOMIC_ACQ_REL);
}

/* Whether this thread might be between CLOSED and SEALED of the handle, and will itself seal it.
 * The notes alone do not tell: they last while it waits, reports, or looks at a parent. */
static bool closes_itself(const hf_subject *subject)
{
    return hf_gate_is_inside() &&
           (hf_this_thread.unlisted != 0 || hf_note_is_own(HF_NOTE_CLOSE, subject->handle.bits) ||
            hf_note_is_own(HF_NOTE_TABLE, (uint64_t)(uintptr_t)subject->table));
}

static void end_close(const hf_subject *subject)
{
    uint64_t state = hf_state_load(subject->slot);
    if (!hf_state_is_life_of(state, subject->raw) || (state & HF_CLOSED) == 0 ||
        (state & HF_RELEASED) != 0)
        return;
    (void)__atomic_fetch_and(&subject->slot->state, ~HF_WAITER, __ATOMIC_ACQ_REL);
    if (!closes_itself(subject))
        (void)__atomic_fetch_or(&subject->slot->state, HF_SEALED, __ATOMIC_ACQ_REL);
    consider(subject);
}

static void end_note_of_table(hf_note_kind kind, hf_table *table)
{
    if (kind == HF_NOTE_PIN)
        hf_table_drop_pin(table);
    else
        hf_defer_all(table);
}

static void end_note_of_handle(hf_note_kind kind, const hf_subject *subject)
{
    switch (kind) {
    case HF_NOTE_OPEN:
        end_open(subject);
        break;
    case HF_NOTE_COMMIT:
        end_commit(subject);
        break;
    case HF_NOTE_COUNT:
        end_count(subject);
        break;
    case HF_NOTE_CHILD:
        end_child(subject);
        break;
    case HF_NOTE_CLOSE:
        end_close(subject);
        break;
    case HF_NOTE_NONE:
    case HF_NOTE_TABLE:
    case HF_NOTE_PIN:
        break;
    }
}

static void end_note(hf_note note)
{
    hf_subject subject;
    if (note.kind >= HF_NOTE_TABLE)
        end_note_of_table((hf_note_kind)note.kind, (hf_table *)(uintptr_t)note.subject);
    else if (find_anywhere(note.subject, &subject))
        end_note_of_handle((hf_note_kind)note.kind, &subject);
}

/* ---- the records of others ------------------------------------------------------------------ */

static void end_regions(uint32_t number)
{
    hf_subject subject;
    for (uint32_t i = 0; i < HF_HAZARDS_PER_THREAD_; i++) {
        uint64_t *hazard = &hf_record_hazards(number)[i];
        uint64_t handle = __atomic_load_n(hazard, __ATOMIC_RELAXED);
        __atomic_store_n(hazard, HF_HAZARD_FREE_, __ATOMIC_RELAXED);
        if (handle != HF_HAZARD_FREE_ && find_anywhere(handle, &subject))
            consider(&subject);
    }
    for (uint32_t i = 0; i < HF_HELD_PER_THREAD; i++) {
        uint64_t *held = &hf_record_at(number)->held[i];
        uint64_t handle = __atomic_load_n(held, __ATOMIC_RELAXED);
        __atomic_store_n(held, UINT64_C(0), __ATOMIC_RELAXED);
        if (handle != 0 && find_anywhere(handle, &subject))
            end_count(&subject);
    }
}

static void drop_magazines(uint32_t number)
{
    hf_table *table;
    for (uint32_t next = 0; (table = next_table(&next)) != NULL;) {
        hf_local *local = &table->locals[number];
        local->list_head = 0;
        local->list_count = 0;
        local->spare_head = 0;
    }
}

static void end_record(uint32_t number)
{
    const hf_record *record = hf_record_at(number);
    for (uint32_t i = 0; i < HF_INSIDE_PER_THREAD; i++)
        end_claim(hf_inside_at(record, i));
    /* What was begun last is ended first: a commit of a slot that is being opened, say. */
    for (uint32_t i = HF_NOTES_PER_THREAD; i-- > 0;)
        if (record->notes[i].subject != 0)
            end_note(record->notes[i]);
    end_regions(number);
    if (record->window != 0)
        drop_magazines(number);
    hf_record_bury(number);
}

/* ---- policies ------------------------------------------------------------------------------- */

/* The types of a table with a policy: see hf_table. */
static uint32_t types_with(const hf_table *table, hf_fork_policy policy)
{
    return __atomic_load_n(&table->forked_types[policy], __ATOMIC_RELAXED);
}

static bool has_policy(const hf_subject *subject, hf_fork_policy policy)
{
    return (types_with(subject->table, policy) >> hf_word_type(subject->raw) / 2 & 1) != 0;
}

/* A borrowed handle follows the owner of its value, if there is one that is known. */
static bool follows_owner(const hf_subject *subject, hf_fork_policy policy)
{
    const hf_type *type = hf_type_of(subject->table, subject->raw);
    hf_value value = (hf_value)__atomic_load_n(&subject->slot->value, __ATOMIC_RELAXED);
    hf_subject owner;
    if (type->name_space == NULL || subject->table->skip_checks)
        return false;
    hf_handle found = hf_owners_find(type->name_space, value, subject->handle, false);
    return !hf_handle_is_null(found) && find_anywhere(found.bits, &owner) &&
           has_policy(&owner, policy);
}

/* Closes a handle whose value is never to be released here, or sees to that if it is closed. */
static void poison(const hf_subject *subject)
{
    const uint64_t gone = HF_LIVE_ | HF_HAZARD_ | HF_HEAT_FIELD | HF_RELEASED;
    uint64_t seal = closes_itself(subject) ? 0 : HF_SEALED;
    uint64_t state = hf_state_load(subject->slot);
    while (!__atomic_compare_exchange_n(&subject->slot->state, &state,
                                        (state & ~gone) | HF_HEAT_POISONED * HF_HEAT_ONE |
                                            HF_CLOSED | seal,
                                        true, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    }
    hf_defer(subject->table, subject->handle);
}

static void close_quietly(const hf_subject *subject)
{
    hf_refusal refusal = {
        .operation = "fork", .site = HF_SITE(), .closes = true, .quiet = true, .is_alone = true};
    (void)hf_close_batch(subject->table, &subject->handle, 1, NULL, &refusal);
}

/* Whether a slot holds a value that nobody has claimed; *subject is its handle. */
static bool holds_value(hf_table *table, uint32_t index, hf_subject *subject)
{
    uint64_t state = hf_state_load(hf_slot_at(table, index));
    if (hf_word_type(state) == 0 || (state & (HF_LIVE_ | HF_CLOSED)) == 0 ||
        (state & (HF_LIVE_ | HF_RELEASED)) == HF_RELEASED)
        return false;
    *subject = hf_subject_of(table, hf_raw_of_state(state, index));
    return true;
}

static void apply_policy(hf_table *table, hf_fork_policy wanted, bool borrowed)
{
    uint32_t end = (uint32_t)__atomic_load_n(&table->bag.fresh, __ATOMIC_RELAXED);
    hf_subject subject;
    for (uint32_t index = 1; index < end; index++) {
        if (!holds_value(table, index, &subject) ||
            hf_cold_is_borrowed(table, subject.raw) != borrowed)
            continue;
        if (!(borrowed ? follows_owner(&subject, wanted) : has_policy(&subject, wanted)))
            continue;
        if (wanted == HF_FORK_POISON)
            poison(&subject);
        else if ((hf_state_load(subject.slot) & HF_CLOSED) == 0)
            close_quietly(&subject);
    }
}

static bool is_wanted(hf_fork_policy policy)
{
    const hf_table *table;
    for (uint32_t next = 0; (table = next_table(&next)) != NULL;)
        if (types_with(table, policy) != 0)
            return true;
    return false;
}

/* Borrowed handles come first: none is to outlive its owner. */
static void apply_everywhere(hf_fork_policy policy)
{
    hf_table *table;
    if (!is_wanted(policy))
        return;
    for (uint32_t next = 0; (table = next_table(&next)) != NULL;)
        apply_policy(table, policy, true);
    for (uint32_t next = 0; (table = next_table(&next)) != NULL;)
        if (types_with(table, policy) != 0)
            apply_policy(table, policy, false);
}

/* ---- the child ------------------------------------------------------------------------------ */

/* A leaver that saw no more than that its hazard was gone, and a closer that saw that hazard, may
 * both be others: then nobody has a note of the handle, and every slot must be looked at. */
static bool may_hide_closed(const hf_table *table)
{
    uint64_t deferred = 0;
    for (uint32_t record = 0; record <= hf_record_peak(); record++)
        deferred += __atomic_load_n(&table->locals[record].deferred, __ATOMIC_RELAXED);
    return deferred != 0;
}

static void settle_everywhere(hf_site site)
{
    hf_table *table;
    for (uint32_t next = 0; (table = next_table(&next)) != NULL;) {
        hf_drain(table, site);
        if (may_hide_closed(table))
            hf_defer_all(table); /* the next call on the table looks, if there is one */
    }
}

static void in_child(void)
{
    int error = hf_os_error();
    hf_os_thread_renumber();
    call(outer()->child);
    __atomic_store_n(&hf_record_at(hf_this_thread.record)->thread, hf_event_forked(),
                     __ATOMIC_RELAXED);
    for (uint32_t record = 1; record <= hf_record_peak(); record++)
        if (hf_record_is_orphan(record))
            end_record(record);
    apply_everywhere(HF_FORK_POISON);
    hf_gate_open_in_child();
    hf_groups_recount();
    if (!hf_exiting())
        apply_everywhere(HF_FORK_CLOSE);
    settle_everywhere(HF_SITE());
    hf_os_set_error(error);
}

bool hf_fork_watch(void)
{
    static const hf_os_fork_handlers handlers = {prepare, in_parent, in_child};
    return hf_os_at_fork(&handlers);
}
