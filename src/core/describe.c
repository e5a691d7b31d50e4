/* What is known of the handles whose values point to an address.
 *
 * It is asked for inside a report of AddressSanitizer's, by a thread that may have been anywhere,
 * and whose report others wait for.  So nothing here waits, not even for a fork, as pinning the
 * tables would; all slots are looked at while others change them.  (1) The memory that is read
 * never goes away: table structs are not freed, slots and cold records stay committed, and those of
 * a table that is destroyed meanwhile read as zero: no handle.  (2) A value belongs to the life
 * that the state tells both before and after it was read; a life in a cold record is copied as
 * cold.c says.  (3) Types, labels and group names are the program's; they live as long as handles
 * that have them, or the report says that they were freed.  A handle that comes or goes meanwhile
 * may be missed or told once too often. */
#include "core/describe.h"
#include "core/cold.h"
#include "core/registry.h"
#include "platform/sanitizer.h"

#include <stdlib.h>
#include <string.h>

/* Below it, values are numbers, such as descriptors. */
enum { LEAST_POINTER = 65536 };

typedef struct search {
    hf_event_description *found;
    uintptr_t low; /* values in [low, high) match */
    uintptr_t high;
} search;

static bool matches(const search *of, uint64_t value)
{
    return value >= of->low && value < of->high;
}

/* ---- one handle ----------------------------------------------------------------------------- */

static bool note_holder(void *context, const hf_event_holder *holder)
{
    hf_event_history *history = context;
    history->holders[history->holder_count++] = *holder;
    return history->holder_count < HF_HISTORY_HOLDERS;
}

static void add(const search *of, const hf_table *table, uint64_t raw, uint64_t value,
                const char *life)
{
    hf_event_description *found = of->found;
    if (found->count == HF_HISTORIES)
        return;
    hf_event_history *history = &found->histories[found->count++];
    *history = (hf_event_history){.party = hf_cold_party(table, raw),
                                  .table_name = table->name,
                                  .life = life,
                                  .borrowed = hf_cold_is_borrowed(table, raw)};
    history->party.value = (hf_value)value;
    hf_record_visit(history->party.handle.bits, note_holder, history);
    uint64_t state = hf_state_load(hf_slot_at(table, hf_raw_index(raw)));
    if (hf_state_is_life_of(state, raw))
        history->references = hf_state_count(state);
}

/* ---- one slot ------------------------------------------------------------------------------- */

/* The value word is poisoned when the slot is free by now. */
HF_UNCHECKED static uint64_t value_of(const hf_slot_ *slot)
{
    return __atomic_load_n(&slot->value, __ATOMIC_RELAXED);
}

static void look_at_life(const search *of, const hf_table *table, uint32_t index)
{
    uint64_t state;
    uint64_t raw = hf_raw_at(table, index, &state);
    if (raw == 0 || hf_state_is_reserved(state))
        return;
    uint64_t value = value_of(hf_slot_at(table, index));
    /* Orders the value before the second look at the state.  Partner: the release in publish, of
     * the next life; a link that is stored in between comes after a release, in free_state. */
    hf_acquire_fence();
    if (matches(of, value) && hf_state_is_life_of(hf_state_load(hf_slot_at(table, index)), raw))
        add(of, table, raw, value, (state & HF_CLOSED) != 0 ? "closing" : "open");
}

static void look_at_past(const search *of, const hf_table *table, uint32_t index)
{
    uint64_t state;
    hf_cold_life life;
    uint64_t current = hf_raw_at(table, index, &state);
    for (uint32_t number = 0; number < table->cold_lives; number++)
        if (hf_cold_read(table, index, number, &life) && life.raw != current &&
            matches(of, life.value))
            add(of, table, life.raw, life.value, "closed");
}

/* ---- all tables ----------------------------------------------------------------------------- */

static void look_at_tables(const search *of,
                           void (*look)(const search *of, const hf_table *table, uint32_t index))
{
    const hf_table *table;
    for (uint32_t number = 0; (table = hf_registry_at(number)) != NULL; number++) {
        if (!hf_table_is_in_use(table))
            continue;
        for (uint32_t index = 1; index < hf_slots_end(table); index++)
            look(of, table, index);
    }
}

static bool lies_in(uintptr_t address, const void *start, uint64_t bytes)
{
    return start != NULL && address >= (uintptr_t)start && address - (uintptr_t)start < bytes;
}

/* Whether the address lies in a table's own memory. */
static void look_for_part(hf_event_description *found)
{
    const hf_table *table;
    for (uint32_t number = 0; (table = hf_registry_at(number)) != NULL; number++) {
        if (!hf_table_is_in_use(table))
            continue;
        if (lies_in(found->address, table->head.slots, table->slot_capacity * sizeof(hf_slot_)))
            found->part = "slots";
        else if (lies_in(found->address, __atomic_load_n(&table->cold, __ATOMIC_RELAXED),
                         table->slot_capacity * table->cold_stride))
            found->part = "cold records";
        else
            continue;
        found->table_name = table->name;
        return;
    }
}

static void find(uintptr_t address, hf_event_description *found)
{
    search of = {.found = found, .low = address, .high = address + 1};
    memset(found, 0, sizeof *found);
    found->address = address;
    if (address < LEAST_POINTER || address == UINTPTR_MAX)
        return;
    if (hf_sanitizer_block(address, &found->block, &found->block_size) &&
        found->block_size <= UINTPTR_MAX - found->block) {
        of.low = found->block;
        of.high = found->block + found->block_size;
        /* What lies beside a block is attributed to it. */
        of.high += found->block_size == 0 ? 1 : 0;
    }
    look_for_part(found);
    look_at_tables(&of, look_at_life);
    look_at_tables(&of, look_at_past);
}

size_t hf_describe_address(const void *address, char *buffer, size_t size)
{
    hf_event_description found;
    find((uintptr_t)address, &found);
    return hf_event_describe(&found, buffer, size);
}

/* ---- AddressSanitizer's reports ------------------------------------------------------------- */

/* For the kinds of error whose address it keeps to itself.  The first number in its report that is
 * written like an address: "==7==ERROR: AddressSanitizer: SEGV on unknown address 0x0012". */
static uintptr_t address_in(const char *text)
{
    const char *title = text != NULL ? strstr(text, "AddressSanitizer:") : NULL;
    const char *digits = title != NULL ? strstr(title, "0x") : NULL;
    return digits != NULL ? (uintptr_t)strtoull(digits, NULL, 16) : 0;
}

void hf_describe_sanitizer_report(const char *text)
{
    hf_event_description found;
    uintptr_t address = hf_sanitizer_report_address();
    find(address != 0 ? address : address_in(text), &found);
    hf_event_follow_report(&found);
}

void hf_meet_sanitizer(void)
{
    static uint32_t watches;
    if (__atomic_load_n(&watches, __ATOMIC_RELAXED) != 0 ||
        __atomic_exchange_n(&watches, 1u, __ATOMIC_RELAXED) != 0)
        return;
    if (hf_event_describes())
        hf_sanitizer_call_after_report(hf_describe_sanitizer_report);
    hf_record_hide_unused();
}
