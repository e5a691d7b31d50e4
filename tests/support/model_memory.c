/* Memory that fails.  Tables come from a pool and keep what they have once committed; so that the
 * same sequence fails in the same way, whatever was played before, a new table is made to forget
 * how much that is. */
#include "model_state.h"

#ifdef HF_FAULT_INJECTION
#include "core/table.h"

void model_memory_fresh(hf_table *table)
{
    table->head.place_limit = 0;
    table->cold_limit = 0;
}

void model_memory_arm(const model_record *r)
{
    (void)hf_os_fail_allocation(r->fails < 4 ? r->fails : 0);
}

/* How often memory was asked for tells whether the failing call was reached. */
void model_memory_disarm(model *m, const model_record *r)
{
    uint64_t calls = hf_os_fail_allocation(0);
    m->memory_failed = r->fails != 0 && r->fails < 4 && calls >= r->fails;
    m->memory_suspect = m->memory_suspect || m->memory_failed;
}

uint64_t model_memory_asked(void)
{
    return hf_os_fail_allocation(0);
}
#else
void model_memory_fresh(hf_table *table)
{
    (void)table;
}

void model_memory_arm(const model_record *r)
{
    (void)r;
}

void model_memory_disarm(model *m, const model_record *r)
{
    (void)m;
    (void)r;
}

uint64_t model_memory_asked(void)
{
    return 0;
}
#endif
