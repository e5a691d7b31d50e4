/* How a life ends: for numbers.c and the wrappers. */
#ifndef RUN_CLOSING_H
#define RUN_CLOSING_H

#include "numbers.h"
#include "site.h"

/* The number was opened again, so the life that the record tells of is over.  Nobody saw its end,
 * or it was replaced by dup2 (`placed`), which may clobber somebody else's. */
void run_closing_replaced(run_number *number, uint32_t word, bool placed, const char *operation,
                          hf_site site);

/* The number is about to be closed as one of many (close_range): silently.  Also for a signal
 * handler that interrupted the library. */
void run_closing_swept(int descriptor, const char *operation, hf_site site);

#endif
