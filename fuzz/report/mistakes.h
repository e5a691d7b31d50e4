/* Mistakes of every kind: each makes the findings that it is to make. */
#ifndef REPORT_MISTAKES_H
#define REPORT_MISTAKES_H

#include <holdfast/holdfast.h>

/* Findings of one kind; of a mistake that is refused there are none. */
typedef struct mistake {
    hf_report_kind kind;
    unsigned count;
} mistake;

/* Makes the tables; one is the hook's, where a handle was closed whose place stays free. */
void mistakes_start(uint8_t level, uint8_t protection);
hf_table *mistakes_table(void);
hf_handle mistakes_stale(void);
const hf_type *mistakes_type(void);

mistake mistakes_make(unsigned which, unsigned how);

/* Destroys the tables, in which nothing is left. */
void mistakes_end(void);

#endif
