/* What the program tells on standard output: introduction, table, report. */
#ifndef DEMONSTRATION_SUMMARY_H
#define DEMONSTRATION_SUMMARY_H

#include "pass.h"

void summary_introduce(const char *directory, const pass_plan *plan);
void summary_survey(const survey *files);
void summary_compare(const pass_result *guarded, const pass_result *raw);
void summary_report(const char *report, uint64_t findings);

#endif
