/* What core recorded, made into what reports show.  All of it stays valid as long as the types and
 * labels that it names. */
#ifndef HF_REPORT_MOMENTS_H
#define HF_REPORT_MOMENTS_H

#include "core/event.h"

/* A user's text: "" for NULL; "<freed>" where a sanitizer says that it may not be read. */
const char *hf_make_text(const char *text);

hf_report_event hf_make_moment(hf_trace trace);
hf_report_party hf_make_party(const hf_event_party *from);
void hf_make_holders(const hf_event_holder *from, uint32_t count, hf_report_holder *out);

#endif
