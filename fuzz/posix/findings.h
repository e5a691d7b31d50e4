/* How many findings of each kind a step must have, and has. */
#ifndef POSIX_FINDINGS_H
#define POSIX_FINDINGS_H

#include <holdfast/report.h>

void findings_start(void);
void findings_expect(hf_report_kind kind, unsigned count);

/* One finding of a kind, or handle-reuse, whose place it is. */
void findings_expect_stale(hf_report_kind kind);

void findings_check(const char *step);

#endif
