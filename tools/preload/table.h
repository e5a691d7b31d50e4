/* The table of what is tracked. */
#ifndef RUN_TABLE_H
#define RUN_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* How many streams and directories there may be at once. */
#define RUN_TABLE_OTHERS UINT64_C(131071)

/* Makes run_this_process.table, with slots for `others` streams and directories, and one for each
 * number that a descriptor may have: those that had one keep theirs.  False: there is no address
 * space, or no memory. */
bool run_table_make(uint64_t others);

#endif
