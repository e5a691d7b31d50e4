/* Reports that nobody made: the writers on whatever an hf_report may hold. */
#ifndef REPORT_SYNTHETIC_H
#define REPORT_SYNTHETIC_H

#include <stdint.h>

/* Writes a report that these bytes describe, as text and as JSON, into buffers of several sizes. */
void synthetic_play(const uint8_t *bytes);

/* Captures a stack whose frames these bytes describe; they need not be frames at all. */
void synthetic_walk(const uint8_t *bytes);

enum { SYNTHETIC_BYTES = 7 };

#endif
