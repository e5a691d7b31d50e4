/* Text that is put together in memory of a fixed size. */
#include "report/buffer.h"

#include <stdio.h>
#include <string.h>

static size_t room(const hf_buffer *buffer)
{
    return buffer->length < buffer->size ? buffer->size - buffer->length : 0;
}

void hf_buffer_add(hf_buffer *buffer, const char *text, size_t length)
{
    size_t fits = room(buffer);
    if (length < fits)
        fits = length;
    if (fits > 0)
        memcpy(buffer->text + buffer->length, text, fits);
    buffer->length += length;
}

void hf_buffer_print_list(hf_buffer *buffer, const char *format, va_list arguments)
{
    size_t left = room(buffer);
    char *end = left > 0 ? buffer->text + buffer->length : NULL;
    int length = vsnprintf(end, left, format, arguments);
    if (length > 0)
        buffer->length += (size_t)length;
}

void hf_buffer_print(hf_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    hf_buffer_print_list(buffer, format, arguments);
    va_end(arguments);
}

void hf_buffer_add_plain(hf_buffer *buffer, const char *text, size_t limit)
{
    for (size_t i = 0; i < limit && text[i] != '\0'; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f)
            hf_buffer_print(buffer, "\\x%02x", c);
        else
            hf_buffer_add(buffer, &text[i], 1);
    }
}

const char *hf_buffer_end(hf_buffer *buffer)
{
    if (buffer->size == 0)
        return "";
    buffer->text[hf_buffer_held(buffer)] = '\0';
    return buffer->text;
}

size_t hf_buffer_held(const hf_buffer *buffer)
{
    if (buffer->length < buffer->size)
        return buffer->length;
    return buffer->size > 0 ? buffer->size - 1 : 0;
}
