/* Entering a region inside the library. */
#ifndef HF_CORE_REGION_H
#define HF_CORE_REGION_H

#include "core/refuse.h"

/* hf_enter on behalf of the operation that `refusal` names; hf_leave ends it. */
hf_status hf_enter_at(hf_table *table, hf_handle handle, hf_region *out, const hf_refusal *refusal);

#endif
