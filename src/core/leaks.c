/* What nobody closed. */
#include "core/leaks.h"

#include "core/refuse.h"

enum { GROUPS = 64 };

/* Handles that were opened at the same place. */
typedef struct leak_group {
    uint64_t raw; /* one of them */
    uint32_t stack;
    uint32_t count;
} leak_group;

typedef struct leak_list {
    leak_group groups[GROUPS]; /* the last one takes in what finds no other */
    uint32_t count;
} leak_list;

static void add_leak(leak_list *list, const hf_table *table, uint64_t raw)
{
    uint32_t stack = hf_cold_party(table, raw).opened.stack;
    uint32_t i = 0;
    while (i < list->count && (list->groups[i].stack != stack ||
                               hf_word_type(list->groups[i].raw) != hf_word_type(raw)))
        i++;
    if (i == GROUPS)
        i = GROUPS - 1;
    else if (i == list->count)
        list->groups[list->count++] = (leak_group){.raw = raw, .stack = stack};
    list->groups[i].count++;
}

static bool is_open(uint64_t state)
{
    return (state & HF_LIVE_) != 0 && (state & HF_CLOSED) == 0;
}

void hf_report_leaks(hf_table *table, hf_leak_filter counts, const char *operation, hf_site site)
{
    leak_list list = {.count = 0};
    for (uint32_t index = 1; index < hf_slots_end(table); index++) {
        uint64_t state;
        uint64_t raw = hf_raw_at(table, index, &state);
        if (raw != 0 && is_open(state) && (counts == NULL || counts(table, raw)))
            add_leak(&list, table, raw);
    }
    for (uint32_t i = 0; i < list.count; i++) {
        hf_event event = {.kind = HF_REPORT_LEAK,
                          .operation = operation,
                          .table_name = table->name,
                          .subject = hf_cold_party(table, list.groups[i].raw),
                          .group_count = list.groups[i].count};
        hf_find(table, &event, site);
    }
}
