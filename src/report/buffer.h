/* Text that is put together in memory of a fixed size.  `length` counts on when the memory is full,
 * so that the caller learns how much the whole would have taken. */
#ifndef HF_REPORT_BUFFER_H
#define HF_REPORT_BUFFER_H

#include <stdarg.h>

#include <holdfast/base.h>

typedef struct hf_buffer {
    char *text;
    size_t size;
    size_t length;
} hf_buffer;

#define HF_BUFFER(array)          \
    {                             \
        (array), sizeof(array), 0 \
    }

void hf_buffer_add(hf_buffer *buffer, const char *text, size_t length);
void hf_buffer_print(hf_buffer *buffer, const char *format, ...) HF_PRINTF(2, 3);
void hf_buffer_print_list(hf_buffer *buffer, const char *format, va_list arguments) HF_PRINTF(2, 0);

/* Adds at most `limit` bytes of a user's text, with control characters written as \x1b, so that it
 * cannot pass for other lines of a report. */
void hf_buffer_add_plain(hf_buffer *buffer, const char *text, size_t limit);

/* Terminates the text, cut off if need be, and answers it ("" if there is no memory at all). */
const char *hf_buffer_end(hf_buffer *buffer);

/* How much of the text there is. */
size_t hf_buffer_held(const hf_buffer *buffer);

#endif
