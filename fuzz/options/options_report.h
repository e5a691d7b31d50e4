/* A finding whose texts are anybody's: it must come out as one report, in whatever format. */
#ifndef FUZZ_OPTIONS_REPORT_H
#define FUZZ_OPTIONS_REPORT_H

#include <holdfast/holdfast.h>

/* The finding; of what kind it is, and what else is in it, the texts choose. */
hf_report report_make(const char *label, const char *name);

/* What is wrong with its text or its JSON; NULL: nothing. */
const char *report_flaw(const hf_report *report);

/* Whether the report, and nothing else, was added to a file of the scene that was `before` long. */
bool report_ends_file(const hf_report *report, const char *file, size_t before, bool json,
                      bool coloured);

/* Whether a finding of each kind is suppressed exactly if a rule has it so. */
bool report_suppresses_as_told(const char *rules, size_t length);

#endif
