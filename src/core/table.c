/* Creating tables, and the way from a handle to its slot. */
#include "core/bag.h"
#include "core/cold.h"
#include "core/describe.h"
#include "core/exit.h"
#include "core/fork.h"
#include "core/registry.h"
#include "platform/sanitizer.h"

enum { LEAST_SLOTS = 4096, MAGAZINE_SLOTS = 65536 };

#define DEFAULT_SLOTS (UINT64_C(1) << 24)

/* The type that has this field, which is `type` if the field was free. */
static const void *settle_field(hf_table *table, uint32_t field, const hf_type *type)
{
    const void *known = __atomic_load_n(&table->head.types[field], __ATOMIC_ACQUIRE);
    if (known == NULL && __atomic_compare_exchange_n(&table->head.types[field], &known, type, false,
                                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        known = type;
    return known;
}

/* What is asked of a type when the process exits or forks is noted now: then, it may be gone with
 * its module, if the table holds no handle of it any more. */
static void note_wishes(hf_table *table, uint32_t field, const hf_type *type)
{
    if ((type->flags & HF_TYPE_FLUSH_AT_EXIT) != 0)
        (void)__atomic_fetch_or(&table->flushed_types, 1u << field / 2, __ATOMIC_RELAXED);
    if (type->fork != HF_FORK_INHERIT)
        (void)__atomic_fetch_or(&table->forked_types[type->fork], 1u << field / 2,
                                __ATOMIC_RELAXED);
}

uint32_t hf_type_field_slow(hf_table *table, const hf_type *type)
{
    for (uint32_t field = 2; field < HF_TYPE_FIELDS_; field += 2) {
        if (settle_field(table, field, type) != type)
            continue;
        /* Only once: a store would take the line from everybody else. */
        if (__atomic_load_n(&table->head.types[field | HF_TYPE_COLD], __ATOMIC_ACQUIRE) == type)
            return field;
        note_wishes(table, field, type);
        __atomic_store_n(&table->head.types[field | HF_TYPE_COLD], type, __ATOMIC_RELEASE);
        return field;
    }
    return 0;
}

/* ---- options -------------------------------------------------------------------------------- */

static bool are_options_good(const hf_table_options *options)
{
    return options->size == sizeof *options && (unsigned)options->reuse <= HF_REUSE_RANDOM &&
           (unsigned)options->protection <= HF_PROTECT_HAZARD &&
           (unsigned)options->level <= HF_LEVEL_EVERYTHING &&
           options->capacity_slots <= HF_INDEX_LIMIT_ - 2;
}

static uint64_t round_capacity(uint64_t slots)
{
    uint64_t rounded = LEAST_SLOTS;
    while (rounded < slots + 1) /* slot 0 is nobody's */
        rounded *= 2;
    return rounded;
}

static void copy_name(hf_table *table, const char *name)
{
    const char *from = name != NULL ? name : "table";
    size_t i = 0;
    for (; i + 1 < HF_TABLE_NAME_SIZE && from[i] != '\0'; i++)
        table->name[i] = from[i];
    table->name[i] = '\0';
}

static unsigned level_of(const hf_table_options *options)
{
    unsigned level =
        options->level == HF_LEVEL_DEFAULT ? hf_event_level() : (unsigned)options->level - 1;
    return level == 0 && hf_event_wanted() != 0 ? 1 : level; /* a trace wants stacks */
}

/* ---- memory --------------------------------------------------------------------------------- */

static size_t locals_bytes(void)
{
    size_t page = hf_os_page_size();
    return ((HF_RECORDS + 1) * sizeof(hf_local) + page - 1) & ~(page - 1);
}

/* What exit leaves open is no leak: values may be pointers. */
static bool reserve_slots(hf_table *table)
{
    size_t bytes = table->slot_capacity * sizeof(hf_slot_);
    if (table->head.slots != NULL)
        return true;
    hf_slot_ *slots = hf_os_reserve_array(bytes);
    if (slots == NULL)
        return false;
    hf_sanitizer_keep_roots(slots, bytes);
    /* Atomically, as the shape in create: see has_shape in registry.c. */
    __atomic_store_n(&table->head.slots, slots, __ATOMIC_RELAXED);
    return true;
}

static hf_status reserve_memory(hf_table *table)
{
    if (!reserve_slots(table))
        return HF_E_NO_ADDRESS_SPACE;
    if (table->locals == NULL)
        table->locals = hf_os_reserve(locals_bytes());
    if (table->locals == NULL)
        return HF_E_NO_ADDRESS_SPACE;
    return hf_os_commit(table->locals, locals_bytes()) ? HF_OK : HF_E_NO_MEMORY;
}

/* Makes the committed memory of a table read as zero, as if it were new. */
static void zero_memory(hf_table *table)
{
    uint64_t slots = table->head.place_limit >> HF_INDEX_SHIFT_;
    if (slots != 0)
        hf_os_zero(table->head.slots, slots * sizeof(hf_slot_));
    if (table->cold_limit != 0)
        hf_os_zero(table->cold, hf_cold_bytes(table));
    if (table->locals != NULL)
        hf_os_zero(table->locals, locals_bytes());
    if (table->bag.cells != NULL)
        hf_os_zero(table->bag.cells, table->slot_capacity * sizeof(hf_queue_cell));
}

/* What was left in use is free by now. */
static void hide_memory(const hf_table *table)
{
    if (hf_poisons() && table->head.slots != NULL) {
        hf_slots_hide(table, hf_slots_end(table));
        hf_cold_hide_all(table);
    }
}

/* The fields of a former life.  Its address space, and how much of it is committed, are kept. */
static void forget(hf_table *table)
{
    __atomic_store_n(&table->plain_field, 0u, __ATOMIC_RELAXED);
    hf_queue_cell *cells = table->bag.cells;
    table->bag = (hf_bag){.cells = cells};
    __atomic_store_n(&table->flushed_types, 0u, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i <= HF_FORK_POISON; i++)
        __atomic_store_n(&table->forked_types[i], 0u, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < HF_TYPE_FIELDS_; i++)
        __atomic_store_n(&table->head.types[i], NULL, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < HF_DEFERRED_SLOTS; i++)
        __atomic_store_n(&table->deferred[i], UINT64_C(0), __ATOMIC_RELAXED);
    __atomic_store_n(&table->deferred_any, 0u, __ATOMIC_RELAXED);
}

/* Cleans a table that is ending, unless it is pinned: then whoever unpins it last does so.
 *
 * Pinning counts, then reads the phase; ending sets the phase, then reads the count; all of it
 * seq_cst, so that a pin that saw the table in use is seen here.  The count is read again when the
 * right to clean is won, because the 0 that brought us here may be older than ENDING. */
static void clean_if_unpinned(hf_table *table)
{
    /* One window: in the child of a fork nobody would finish it. */
    hf_window window = hf_window_begin(HF_WINDOW);
    while (__atomic_load_n(&table->pins, __ATOMIC_SEQ_CST) == 0) {
        uint32_t ending = HF_TABLE_ENDING;
        if (!__atomic_compare_exchange_n(&table->phase, &ending, HF_TABLE_STARTING, false,
                                         __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
            break;
        if (__atomic_load_n(&table->pins, __ATOMIC_SEQ_CST) == 0) {
            zero_memory(table);
            hide_memory(table);
            forget(table);
            __atomic_store_n(&table->phase, HF_TABLE_IDLE, __ATOMIC_RELEASE);
            break;
        }
        __atomic_store_n(&table->phase, HF_TABLE_ENDING, __ATOMIC_SEQ_CST);
    }
    hf_window_end(window);
}

/* Pin and note belong together: one window. */
bool hf_table_pin(hf_table *table)
{
    hf_window window = hf_window_begin(HF_WINDOW);
    (void)__atomic_fetch_add(&table->pins, 1, __ATOMIC_SEQ_CST);
    bool pinned = __atomic_load_n(&table->phase, __ATOMIC_SEQ_CST) >= HF_TABLE_OPEN;
    if (pinned)
        hf_note_begin(HF_NOTE_PIN, (uint64_t)(uintptr_t)table);
    else
        hf_table_drop_pin(table);
    hf_window_end(window);
    return pinned;
}

void hf_table_unpin(hf_table *table)
{
    hf_window window = hf_window_begin(HF_WINDOW);
    hf_note_end();
    hf_table_drop_pin(table);
    hf_window_end(window);
}

void hf_table_drop_pin(hf_table *table)
{
    if (__atomic_fetch_sub(&table->pins, 1, __ATOMIC_SEQ_CST) == 1)
        clean_if_unpinned(table);
}

void hf_table_retire(hf_table *table, bool held)
{
    __atomic_store_n(&table->phase, held ? HF_TABLE_GONE : HF_TABLE_ENDING, __ATOMIC_SEQ_CST);
    if (!held)
        clean_if_unpinned(table);
}

/* ---- creation ------------------------------------------------------------------------------- */

static hf_status build(hf_table *table, const hf_table_options *options, unsigned level,
                       uint64_t capacity)
{
    table->reuse = (uint8_t)options->reuse;
    if (table->reuse == HF_REUSE_MAGAZINES && capacity < MAGAZINE_SLOTS)
        table->reuse = HF_REUSE_LIFO;
    table->level = (uint8_t)level;
    table->cold_lives = hf_cold_lives(level);
    table->protection = (uint8_t)(table->level == 3 ? HF_PROTECT_COUNTED : options->protection);
    table->skip_checks = options->skip_checks;
    hf_registry_choose_secret(table, options->seed);
    copy_name(table, options->name);
    hf_status status = reserve_memory(table);
    return status == HF_OK ? hf_bag_init(table, capacity, options->seed) : status;
}

static hf_status create(const hf_table_options *options, hf_table **out)
{
    uint64_t capacity = options->capacity_slots != 0 ? options->capacity_slots : DEFAULT_SLOTS - 1;
    uint64_t slot_capacity = round_capacity(capacity);
    unsigned level = level_of(options);
    uint64_t cold_stride = hf_cold_stride(level);
    hf_table *table;
    hf_status status = hf_registry_take(slot_capacity, cold_stride, &table);
    if (status != HF_OK)
        return status;
    __atomic_store_n(&table->slot_capacity, slot_capacity, __ATOMIC_RELAXED);
    __atomic_store_n(&table->cold_stride, cold_stride, __ATOMIC_RELAXED);
    status = build(table, options, level, capacity);
    if (status != HF_OK) {
        hf_table_retire(table, false);
        return status;
    }
    /* Release: the table is whole before it is found.  Partner: the acquire in the registry. */
    __atomic_store_n(&table->phase, HF_TABLE_OPEN, __ATOMIC_RELEASE);
    *out = table;
    return HF_OK;
}

hf_status hf_table_create(const hf_table_options *options, hf_table **out)
{
    static const hf_table_options defaults = HF_TABLE_OPTIONS_INIT;
    if (options == NULL)
        options = &defaults;
    if (out == NULL || !are_options_good(options))
        return HF_E_INVALID_ARGUMENT;
    if (hf_exiting())
        return HF_E_EXITING;
    if (!hf_exit_watch() || !hf_fork_watch())
        return HF_E_NO_MEMORY;
    (void)hf_event_level(); /* may read files, the first time: not in the window */
    hf_meet_sanitizer();
    hf_window window = hf_window_begin(HF_WINDOW);
    hf_status status = create(options, out);
    hf_window_end(window);
    return status;
}

hf_table *hf_table_new(const hf_table_options *options, hf_status *status)
{
    hf_table *table = NULL;
    hf_status result = hf_table_create(options, &table);
    if (status != NULL)
        *status = result;
    return result == HF_OK ? table : NULL;
}

const char *hf_table_name(const hf_table *table)
{
    return table != NULL && hf_table_is_usable(table) ? table->name : "";
}
