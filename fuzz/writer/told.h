/* The trace that this process writes, and what it is told. */
#ifndef WRITER_TOLD_H
#define WRITER_TOLD_H

#include "trace_reader.h"

/* Begins the trace, once; afterwards: empties its file where it has become long. */
void told_begin(void);

/* The next record of a life, of a finding or of a process's end; false: there is none.  Checks the
 * records on the way: each is whole, and whatever a record names was told before it. */
bool told_next(hf_reader_record *out);

#endif
