/* Suppressions: findings that the user does not want to see.
 *
 *     # a comment
 *     double-close:legacy_*          the kind, and a pattern with * and ?
 *     *:libold.so*                   any kind
 *
 * A finding is suppressed if the pattern matches a whole function name, file or module (or the last
 * component of their paths) of any frame of its three stacks. */
#ifndef HF_REPORT_SUPPRESSIONS_H
#define HF_REPORT_SUPPRESSIONS_H

#include <holdfast/report.h>

#include "report/grammar.h"

/* Reads the file and sets its rules; if not `replace`, only where none were set.  A token without
 * text stands for no rules when nothing was set, and changes nothing otherwise.  False, and told,
 * if the file cannot be read (the rules then stay as they are) or a line is malformed (the others
 * are used). */
bool hf_suppressions_set(hf_token path, bool replace);

/* The file of the rules that are set; "" if none are. */
const char *hf_suppressions_path(void);

/* Whether a finding is suppressed.  `key` names the finding; what was suppressed once is answered
 * from memory.  Names addresses. */
bool hf_suppressions_match(const hf_report *report, uint64_t key);

#endif
