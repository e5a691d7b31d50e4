/* The half that calls the library. */
#define HF_NO_INLINE
#include "mixed.h"

#if HF_INLINE_REGIONS
#error "HF_NO_INLINE has no effect"
#endif

hf_status enter_by_call(hf_table *table, hf_handle handle, hf_region *out)
{
    return hf_enter(table, handle, NULL, out);
}

void leave_by_call(hf_region *region)
{
    hf_leave(region);
}
