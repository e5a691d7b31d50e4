/* Statistics: counted per thread, added up when asked for. */
#include "core/bag.h"

static void add_local(const hf_local *local, hf_table_stats *sum)
{
    sum->opened += __atomic_load_n(&local->opened, __ATOMIC_RELAXED);
    sum->closed += __atomic_load_n(&local->closed, __ATOMIC_RELAXED);
    sum->deferred += __atomic_load_n(&local->deferred, __ATOMIC_RELAXED);
    sum->promoted += __atomic_load_n(&local->promoted, __ATOMIC_RELAXED);
    sum->retired_slots += __atomic_load_n(&local->retired, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < HF_STATUS_COUNT; i++)
        sum->refused[i] += __atomic_load_n(&local->refused[i], __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < HF_REPORT_KIND_COUNT; i++)
        sum->reports[i] += __atomic_load_n(&local->reports[i], __ATOMIC_RELAXED);
}

static uint32_t count_types(const hf_table *table)
{
    uint32_t count = 0;
    for (uint32_t field = 2; field < HF_TYPE_FIELDS_; field += 2)
        count += __atomic_load_n(&table->head.types[field], __ATOMIC_RELAXED) != NULL;
    return count;
}

hf_status hf_table_get_stats(const hf_table *table, hf_table_stats *out)
{
    if (table == NULL || !hf_table_is_usable(table) || out == NULL || out->size != sizeof *out)
        return HF_E_INVALID_ARGUMENT;
    *out = (hf_table_stats){.size = sizeof *out, .types = count_types(table)};
    /* Those of records that nobody ever had are zero: exact is asked for only of what happened
     * before. */
    for (uint32_t record = 0, end = hf_record_peak(); record <= end; record++)
        add_local(&table->locals[record], out);
    out->live = out->opened > out->closed ? out->opened - out->closed : 0;
    out->peak = __atomic_load_n(&table->bag.fresh, __ATOMIC_RELAXED) - 1; /* slot 0 is nobody's */
    return HF_OK;
}
