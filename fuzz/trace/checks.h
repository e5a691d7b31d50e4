/* What holds of anything that is read from a trace. */
#ifndef FUZZ_TRACE_CHECKS_H
#define FUZZ_TRACE_CHECKS_H

#include "history.h"

/* Reads all records: forwards, and each within itself. */
void check_records(hf_reader *reader);

/* All numbers lead to what there is. */
void check_history(const hf_history *history);

#endif
