/* The exit latch: set once, when the process is known to be exiting, and never cleared.  From then
 * on nothing is released, waited for or locked: see <holdfast/process.h>. */
#ifndef HF_CORE_EXIT_H
#define HF_CORE_EXIT_H

#include "core/table.h"

/* On a line of its own, which everybody reads and only the exit writes. */
extern struct hf_exit_latch {
    uint32_t set;
} __attribute__((aligned(64))) hf_exit_latch;

/* One load.  Relaxed: a call that is under way when the latch is set may go on. */
static inline uint32_t hf_exit_word(void)
{
    return __atomic_load_n(&hf_exit_latch.set, __ATOMIC_RELAXED);
}

static inline bool hf_exiting(void)
{
    return __builtin_expect(hf_exit_word() != 0, 0);
}

/* What a call answers, at its begin, that does nothing once the process is exiting: OK before that;
 * then INVALID_ARGUMENT for what is no table, else EXITING, which is counted. */
HF_COLD hf_status hf_exit_refuse_slow(hf_table *table);

static inline hf_status hf_exit_refuse(hf_table *table)
{
    return hf_exiting() ? hf_exit_refuse_slow(table) : HF_OK;
}

/* Sees to it that the latch is set when the process exits.  False: out of memory. */
bool hf_exit_watch(void);

#endif
