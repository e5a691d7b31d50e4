/* The report hook and its context, always read as a pair that was set together. */
#ifndef HF_REPORT_HOOK_H
#define HF_REPORT_HOOK_H

#include <holdfast/report.h>

/* The hook that is set, or NULL. */
hf_report_hook hf_hook_now(void **context);

#endif
