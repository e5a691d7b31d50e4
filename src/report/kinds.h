/* The kinds of finding, as tables made from the one list in <holdfast/report.h>. */
#ifndef HF_REPORT_KINDS_H
#define HF_REPORT_KINDS_H

#include <holdfast/report.h>

/* For a number that is a kind. */
const char *hf_kind_message(hf_report_kind kind);
const char *hf_kind_advice(hf_report_kind kind);

static inline bool hf_kind_is_valid(hf_report_kind kind)
{
    return (unsigned)kind < HF_REPORT_KIND_COUNT;
}

/* Whether findings of a kind stand for the place that opened the handle, not for the call that
 * noticed: they are told apart by that stack, and it is shown first. */
bool hf_kind_blames_opener(hf_report_kind kind);

/* "counted", "in a counted region": how something is held. */
const char *hf_hold_name(hf_hold_kind hold);
const char *hf_hold_text(hf_hold_kind hold);

#endif
