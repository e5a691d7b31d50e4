/* Handles and values that are reused: sequences of sound operations with planted misuses, on tables
 * whose slots and a namespace whose numbers are recycled in every order.
 *
 * Each planted misuse must be reported exactly once, with the right kind, the right handle, who
 * opened and closed it, who came last and, where somebody innocent has the slot or the value now,
 * with him; nothing else may be reported; and nobody innocent ever loses his value. */
#include "harness.h"
#include "operations.h"

#include <string.h>

/* The stage that an input sets. */
typedef struct head {
    uint8_t reuse;
    uint8_t protection;
    uint8_t level;
    uint8_t capacity;
    uint8_t numbers;
    uint8_t flags;
} head;

enum { REAL = 1, SPARSE = 2, SHARES = 4, ORDERLY = 8 };

FUZZ_RECORDS(sizeof(head), STEP_SIZE)

static void set_numbers(const head *h)
{
    static const hf_value firsts[] = {3, (1 << 20) - 6, UINT32_MAX, 0x7f00000};
    numbers_options options = {.real = (h->flags & REAL) != 0,
                               .sparse = (h->flags & SPARSE) != 0,
                               .shares = (h->flags & SHARES) != 0,
                               .order = (numbers_order)(h->numbers % NUMBERS_ORDERS),
                               .first = firsts[h->numbers / 16 % 4],
                               .seed = h->numbers,
                               .is_kept = cards_keep};
    numbers_start(&options);
}

static void create_table(unsigned number, const head *h)
{
    static const char *const names[TABLES] = {"first", "second", "third"};
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.reuse = deck.reuse;
    options.protection = (hf_protection)(h->protection % 3);
    options.level = (hf_level)(deck.level + 1);
    options.capacity_slots = deck.capacity;
    options.seed = number + UINT64_C(1);
    options.name = deck.sheets[number].name = names[number];
    if (hf_table_create(&options, &deck.sheets[number].table) != HF_OK)
        fuzz_fail("no table could be made");
}

static void set_stage(const head *h)
{
    memset(&deck, 0, sizeof(deck));
    deck.reuse = (hf_reuse)(h->reuse % 4);
    deck.level = h->level % 4;
    deck.capacity = 1 + h->capacity % SLOTS;
    set_numbers(h);
    operations_start();
    for (unsigned i = 0; i < TABLES; i++)
        create_table(i, h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    head h;
    if (size < sizeof(h))
        return 0;
    if (!ready)
        findings_start();
    ready = true;
    memcpy(&h, data, sizeof(h));
    set_stage(&h);
    for (size_t at = sizeof(h); at + STEP_SIZE <= size; at += STEP_SIZE) {
        step s = {data[at], data[at + 1], data[at + 2], data[at + 3], data[at + 4], data[at + 5]};
        operations_play(&s);
    }
    operations_end((h.flags & ORDERLY) != 0);
    numbers_end();
    return 0;
}
