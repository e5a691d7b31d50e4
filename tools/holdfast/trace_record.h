/* From a record's bytes to its parts. */
#ifndef HOLDFAST_TRACE_RECORD_H
#define HOLDFAST_TRACE_RECORD_H

#include "trace_reader.h"

/* `bytes` holds the `size` bytes of a record with a good head, aligned to 8; texts in it are
 * terminated where they are not.  False: it makes no sense. */
bool hf_record_take_apart(char *bytes, uint64_t size, hf_reader_record *out);

#endif
