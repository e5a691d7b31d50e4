/* Slots that are not used take address space alone.  Where that is short there are none for the
 * numbers: then after that many had been open at once, streams and directories would go untracked.
 */
#include "table.h"

#include <sys/resource.h>

#include "core/bag.h"
#include "numbers.h"
#include "self.h"

/* Numbers and pointers keep their slots (numbers.c, owners.c).  Those of pointers that were closed
 * unseen, or while somebody looked at them, are given back: so many of these rest before one is
 * used again.  Each slot keeps the histories of its last eight lives. */
enum { REST = 256 };

static uint64_t numbers_there_may_be(void)
{
    struct rlimit limit;
    bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < RUN_NUMBERS;
    return known ? limit.rlim_max : RUN_NUMBERS;
}

static bool is_address_space_short(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

bool run_table_make(uint64_t others)
{
    uint64_t numbers = is_address_space_short() ? 0 : numbers_there_may_be();
    hf_table_options options = {.size = (uint32_t)sizeof options,
                                .reuse = HF_REUSE_FIFO,
                                .protection = HF_PROTECT_COUNTED,
                                .level = HF_LEVEL_HISTORY,
                                .capacity_slots = others + numbers,
                                .name = "descriptors",
                                .skip_checks = true};
    if (hf_table_create(&options, &run_this_process.table) != HF_OK)
        return false;
    hf_bag_set_rest(run_this_process.table, REST);
    return true;
}
