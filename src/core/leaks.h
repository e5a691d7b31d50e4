/* Reports of what nobody closed: by the end of a table, or before it. */
#ifndef HF_CORE_LEAKS_H
#define HF_CORE_LEAKS_H

#include "core/cold.h"

/* Whether an open handle, without its secret, is to be told. */
typedef bool (*hf_leak_filter)(const hf_table *table, uint64_t raw);

/* Reports the table's open handles as `leak`, those that were opened at the same place as one.
 * `counts` may be NULL: all.  Closes nothing. */
void hf_report_leaks(hf_table *table, hf_leak_filter counts, const char *operation, hf_site site);

#endif
