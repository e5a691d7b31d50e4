/* What texts are made of: stacks, moments, parties. */
#ifndef HF_REPORT_TEXT_PARTS_H
#define HF_REPORT_TEXT_PARTS_H

#include <holdfast/report.h>

#include "report/buffer.h"

/* A text that is being written. */
typedef struct hf_text {
    hf_buffer *buffer;
    const hf_report *report; /* NULL: it is none */
    size_t limit;            /* of bytes of a user's text, */
    uint32_t frames;         /* and of frames, that are shown */
    const char *bold_red;
    const char *bold;
    const char *plain;
} hf_text;

/* A user's text, quoted. */
void hf_text_put_name(const hf_text *to, const char *name);

/* Frames, and an empty line. */
void hf_text_put_stack(const hf_text *to, const hf_report_event *event);

/* " by thread 7 (worker)"; the second only the name. */
void hf_text_put_thread(const hf_text *to, const hf_report_event *event);
void hf_text_put_thread_name(const hf_text *to, const hf_report_event *event);

/* A moment, if anything is known of it. */
void hf_text_put_event(const hf_text *to, const char *what, const hf_report_event *event);

/* handle 0x2a (fd 5, "config") */
void hf_text_put_party(const hf_text *to, const hf_report_party *party);

#endif
