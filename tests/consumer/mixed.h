/* Two files of one program: one inlines the regions, the other calls the library for them.  What
 * one enters the other must be able to leave. */
#ifndef MIXED_H
#define MIXED_H

#include <holdfast/holdfast.h>

hf_status enter_by_call(hf_table *table, hf_handle handle, hf_region *out);
void leave_by_call(hf_region *region);

#endif
