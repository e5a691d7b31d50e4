/* Opening.
 *
 * A slot that was taken is published in the same window, or noted in it for the child of a fork
 * (HF_NOTE_OPEN) until it is published, because identify is a function of the user.  The same goes
 * for the count that a child to be holds of its parent (HF_NOTE_CHILD). */
#include "core/open.h"

#include "core/bag.h"
#include "core/group.h"
#include "core/owners.h"
#include "core/parent.h"
#include "core/reference.h"
#include "core/registry.h"
#include "core/signal.h"

static bool is_checked(const hf_table *table, const hf_type *type)
{
    return !table->skip_checks && (type->name_space != NULL || type->identify != NULL);
}

static bool needs_cold(const hf_table *table, const hf_type *type, const hf_open_options *options)
{
    return table->level != 0 || is_checked(table, type) ||
           (options != NULL && (options->borrowed || options->label != NULL ||
                                options->group != NULL || !hf_handle_is_null(options->parent)));
}

/* The handle of a free slot's next life, without the secret.  A slot that was never used is zero.
 */
static inline uint64_t new_raw(const hf_table *table, uint32_t field, uint32_t index)
{
    uint64_t state = __atomic_load_n(&hf_slot_at(table, index)->state, __ATOMIC_RELAXED);
    uint32_t generation = hf_word_generation(state);
    return hf_raw_make(field, generation != 0 ? generation : 1, index);
}

/* Takes a slot with all that the handle will need, in the caller's window.  *raw is the handle to
 * be. */
static inline hf_status take_slot(hf_table *table, const hf_type *type,
                                  const hf_open_options *options, uint64_t *raw)
{
    bool cold = needs_cold(table, type, options);
    uint32_t field = hf_type_field(table, type);
    uint32_t index;
    if (__atomic_load_n(&table->phase, __ATOMIC_ACQUIRE) != HF_TABLE_OPEN)
        return HF_E_CLOSING;
    if (field == 0)
        return HF_E_TOO_MANY_TYPES;
    hf_status status = hf_bag_take(table, hf_local_of(table), &index);
    if (status != HF_OK)
        return status;
    hf_slot_show(table, index);
    if (cold && !hf_cold_commit(table, index)) {
        hf_slot_hide(table, index);
        hf_bag_give(table, hf_local_of(table), index);
        return HF_E_NO_MEMORY;
    }
    *raw = new_raw(table, field + (cold ? HF_TYPE_COLD : 0), index);
    return HF_OK;
}

static inline uint64_t first_state(const hf_table *table, uint64_t raw)
{
    uint64_t tag = raw >> HF_GENERATION_SHIFT_ << HF_GENERATION_SHIFT_ | HF_LIVE_;
    return table->protection == HF_PROTECT_HAZARD ? tag | HF_HAZARD_ | HF_HEAT_HOT << HF_HEAT_SHIFT_
                                                  : tag;
}

static inline void publish(const hf_subject *subject, hf_value value)
{
    __atomic_store_n(&subject->slot->value, (uint64_t)value, __ATOMIC_RELAXED);
    /* Release: value and cold record come before.  Partner: the acquire of whoever finds it live.
     */
    __atomic_store_n(&subject->slot->state, first_state(subject->table, subject->raw),
                     __ATOMIC_RELEASE);
}

/* Notes who the value is, so that release can tell whether it is still the same. */
static void identify(const hf_subject *subject, const hf_type *type, hf_value value)
{
    hf_cold *cold = hf_cold_at(subject->table, hf_raw_index(subject->raw));
    if (type->identify == NULL || subject->table->skip_checks ||
        !type->identify(value, type->context, &cold->identity))
        return;
    __atomic_store_n(&cold->identified, 1u, __ATOMIC_RELAXED);
}

static void report_owner(const hf_subject *subject, hf_handle owner, const char *operation,
                         hf_site site)
{
    hf_table *table = hf_registry_find(owner, NULL);
    hf_event event = {.kind = HF_REPORT_DUPLICATE_OWNER,
                      .operation = operation,
                      .table_name = subject->table->name,
                      .subject = hf_cold_party(subject->table, subject->raw)};
    if (table != NULL) {
        event.other = hf_cold_party(table, owner.bits ^ table->head.secret);
        event.other_role = "already owned by";
    }
    hf_find(subject->table, &event, site);
}

/* Enrols the handle with its value's namespace; answers another owner of the value, if there is. */
static hf_handle enrol(const hf_subject *subject, const hf_type *type, hf_value value)
{
    if (type->name_space == NULL || subject->table->skip_checks)
        return HF_NULL_HANDLE;
    hf_window window = hf_window_begin(HF_WINDOW);
    hf_handle owner = hf_owners_enrol(type->name_space, value, subject->handle,
                                      hf_cold_is_borrowed(subject->table, subject->raw));
    hf_window_end(window);
    return owner;
}

HF_COLD void hf_tell_opened(const hf_table *table, hf_handle handle, const char *operation)
{
    uint64_t raw = handle.bits ^ table->head.secret;
    hf_event_party party = hf_cold_party(table, raw);
    if (hf_event_traced(party.opened))
        hf_event_opened(&party, hf_cold_is_borrowed(table, raw), operation);
}

void hf_bring_to_life(const hf_subject *subject, const hf_type *type, hf_value value,
                      hf_birth *birth, const hf_refusal *refusal)
{
    int error = hf_os_error();
    hf_handle owner = HF_NULL_HANDLE;
    if (hf_raw_has_cold(subject->raw)) {
        identify(subject, type, value);
        owner = enrol(subject, type, value);
    }
    hf_window window = hf_window_begin(HF_WINDOW);
    publish(subject, value);
    if (birth->counts)
        hf_open_count(subject->table, hf_local_of(subject->table));
    for (unsigned i = 0; i < birth->notes; i++)
        hf_note_end();
    hf_window_end(window);
    hf_stay_opened(&birth->stay);
    if (hf_cold_is_traced(subject->table))
        hf_tell_opened(subject->table, subject->handle, refusal->operation);
    if (!hf_handle_is_null(owner))
        report_owner(subject, owner, refusal->operation, refusal->site);
    hf_os_set_error(error);
}

static bool is_group_good(const hf_open_options *options)
{
    return options == NULL || options->group == NULL || hf_group_is_valid(options->group);
}

bool hf_open_is_good(const hf_table *table, const hf_type *type, const hf_open_options *options,
                     const hf_handle *out)
{
    bool owned = options == NULL || !options->borrowed;
    return table != NULL && hf_table_is_usable(table) && out != NULL && type != NULL &&
           type->size == sizeof(hf_type) && type->name != NULL && type->fork <= HF_FORK_POISON &&
           (type->release != NULL || !owned) &&
           (options == NULL || options->size == sizeof(hf_open_options)) && is_group_good(options);
}

hf_status hf_open_take(hf_table *table, const hf_type *type, const hf_open_options *options,
                       uint64_t *raw)
{
    hf_window window = hf_window_begin(HF_WINDOW_BUSY);
    hf_status status = take_slot(table, type, options, raw);
    if (status == HF_OK)
        hf_note_begin(HF_NOTE_OPEN, hf_handle_of(table, *raw).bits);
    hf_window_end(window);
    return status;
}

static void give_back(hf_table *table, uint64_t raw)
{
    hf_window window = hf_window_begin(HF_WINDOW_BUSY);
    hf_note_end();
    hf_slot_hide(table, hf_raw_index(raw));
    hf_bag_give(table, hf_local_of(table), hf_raw_index(raw));
    hf_window_end(window);
}

static hf_status place_value(void *context, hf_handle handle, hf_value *value)
{
    (void)handle;
    *value = *(const hf_value *)context;
    return HF_OK;
}

/* Takes a slot, and learns the value that will be in it. */
static hf_status take_place(hf_table *table, const hf_type *type, const hf_open_options *options,
                            const hf_placing *placing, uint64_t *raw, hf_value *value)
{
    hf_status status = hf_open_take(table, type, options, raw);
    if (status != HF_OK)
        return status;
    status = placing->place(placing->context, hf_handle_of(table, *raw), value);
    if (status != HF_OK)
        give_back(table, *raw);
    return status;
}

hf_status hf_open_placed(hf_table *table, const hf_type *type, const hf_placing *placing,
                         const hf_open_options *options, hf_handle *out, const hf_refusal *refusal)
{
    hf_site site = refusal->site;
    hf_value value;
    uint64_t raw;
    hf_ref parent;
    hf_birth birth = {.counts = true};
    hf_status status = hf_parent_hold(table, options, refusal, &parent);
    if (status != HF_OK)
        return status;
    status = hf_stay_open(&birth.stay, options != NULL ? options->group : NULL);
    if (status == HF_OK)
        status = take_place(table, type, options, placing, &raw, &value);
    if (status != HF_OK) {
        hf_stay_failed(&birth.stay);
        hf_parent_unhold(table, &parent, site);
        return hf_fail(table, status);
    }
    if (hf_raw_has_cold(raw))
        hf_cold_open(table, raw, value, options, hf_cold_trace(table, site));
    hf_subject subject = hf_subject_of(table, raw);
    birth.notes = parent.handle_ != 0 ? 2 : 1;
    hf_bring_to_life(&subject, type, value, &birth, refusal);
    *out = subject.handle;
    return HF_OK;
}

/* The fast one: an owned handle of the table's first plain type, while nothing else is due. */
static inline bool is_plain(const hf_table *table, const hf_type *type,
                            const hf_open_options *options, const hf_handle *out)
{
    return table != NULL && type != NULL && options == NULL && out != NULL &&
           hf_type_of_field(table, __atomic_load_n(&table->plain_field, __ATOMIC_RELAXED)) ==
               type &&
           __atomic_load_n(&table->phase, __ATOMIC_RELAXED) == HF_TABLE_OPEN &&
           __atomic_load_n(&table->deferred_any, __ATOMIC_RELAXED) == 0;
}

static inline hf_status open_plain(hf_table *table, hf_value value, hf_handle *out)
{
    uint32_t index;
    hf_window window = hf_window_begin(HF_WINDOW_BUSY);
    hf_local *local = hf_local_of(table);
    hf_status status = hf_bag_take(table, local, &index);
    if (__builtin_expect(status != HF_OK, 0)) {
        hf_window_end(window);
        return hf_fail(table, status);
    }
    hf_slot_show(table, index);
    uint32_t field = __atomic_load_n(&table->plain_field, __ATOMIC_RELAXED);
    hf_subject subject = hf_subject_of(table, new_raw(table, field, index));
    publish(&subject, value);
    hf_open_count(table, local);
    hf_window_end(window);
    *out = subject.handle;
    return HF_OK;
}

/* Notes the first type for which is_plain may hold.  Of two threads that bring two types one wins;
 * whose field it is, types[] tells, whose entries never change. */
static void note_plain(hf_table *table, const hf_type *type)
{
    uint32_t none = 0;
    if (__atomic_load_n(&table->plain_field, __ATOMIC_RELAXED) == 0 && type->release != NULL &&
        !needs_cold(table, type, NULL))
        (void)__atomic_compare_exchange_n(&table->plain_field, &none, hf_type_field(table, type),
                                          false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* Whether no function of the user runs between taking the slot and publishing the handle, and
 * nothing else is to be held meanwhile. */
static bool is_simple(const hf_table *table, const hf_type *type, const hf_open_options *options)
{
    return (options == NULL || (options->group == NULL && hf_handle_is_null(options->parent))) &&
           !is_checked(table, type);
}

/* One of these: a window does, without a note. */
static inline hf_status open_simple(hf_table *table, const hf_type *type, hf_value value,
                                    const hf_open_options *options, hf_handle *out,
                                    const hf_refusal *refusal)
{
    uint64_t raw;
    hf_trace opened = hf_cold_trace(table, refusal->site);
    hf_window window = hf_window_begin(HF_WINDOW_BUSY);
    hf_status status = take_slot(table, type, options, &raw);
    if (status != HF_OK) {
        hf_window_end(window);
        return hf_fail(table, status);
    }
    hf_subject subject = hf_subject_of(table, raw);
    if (hf_raw_has_cold(raw))
        hf_cold_open(table, raw, value, options, opened);
    publish(&subject, value);
    hf_open_count(table, hf_local_of(table));
    hf_window_end(window);
    /* Asked first here, because a trace of findings alone wants no more. */
    if (hf_cold_is_traced(table) && hf_event_traced(opened))
        hf_tell_opened(table, subject.handle, refusal->operation);
    *out = subject.handle;
    return HF_OK;
}

static hf_status open_noted(hf_table *table, const hf_type *type, hf_value value,
                            const hf_open_options *options, hf_handle *out,
                            const hf_refusal *refusal)
{
    hf_placing placing = {place_value, &value};
    return hf_open_placed(table, type, &placing, options, out, refusal);
}

/* Apart, so that the fast one has few registers to save. */
__attribute__((noinline)) hf_status hf_open_at(hf_table *table, const hf_type *type, hf_value value,
                                               const hf_open_options *options, hf_handle *out,
                                               hf_site site, const char *operation)
{
    hf_refusal refusal = {.operation = operation, .site = site};
    if (!hf_open_is_good(table, type, options, out))
        return HF_E_INVALID_ARGUMENT;
    hf_drain(table, site);
    hf_status status = is_simple(table, type, options)
                           ? open_simple(table, type, value, options, out, &refusal)
                           : open_noted(table, type, value, options, out, &refusal);
    if (status == HF_OK)
        note_plain(table, type);
    return status;
}

hf_status hf_open(hf_table *table, const hf_type *type, hf_value value,
                  const hf_open_options *options, hf_handle *out)
{
    hf_site site = HF_SITE();
    return __builtin_expect(is_plain(table, type, options, out), 1)
               ? open_plain(table, value, out)
               : hf_open_at(table, type, value, options, out, site, "hf_open");
}
