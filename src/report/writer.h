/* The two ways to write a report.  The brief ones name no addresses, and fit into 4 KiB. */
#ifndef HF_REPORT_WRITER_H
#define HF_REPORT_WRITER_H

#include <holdfast/report.h>

#include "core/event.h"
#include "report/buffer.h"

void hf_text_write(hf_buffer *buffer, const hf_report *report, bool colour);
void hf_text_write_brief(hf_buffer *buffer, const hf_report *report);
void hf_json_write(hf_buffer *buffer, const hf_report *report);
void hf_json_write_brief(hf_buffer *buffer, const hf_report *report);

/* What is known of an address. */
void hf_text_write_history(hf_buffer *buffer, const hf_event_description *of, bool colour);
void hf_json_write_history(hf_buffer *buffer, const hf_event_description *of);

#endif
