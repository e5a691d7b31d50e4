/* The process is told to exit while a thread stands still for ever within an operation: setting the
 * latch comes to an end, and whatever is called after that answers at once. */
#include "others.h"

#include <criterion/criterion.h>

enum { MOST = 60, PAST_HOT = 600 };

static hf_region region;
static hf_region entered;
static hf_status answer;

static void flush(hf_value value, void *context)
{
    (void)value;
    (void)context;
}

static void prepare(void)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.level = HF_LEVEL_STACKS;
    options.capacity_slots = 4096;
    others_prepare(&options);
    others_meet();
}
