/* Strings of JSON. */
#include "report/json_string.h"

#include <stdint.h>

size_t hf_utf8_length(const unsigned char *at)
{
    uint32_t point;
    size_t length;
    if (at[0] < 0x80)
        return 1;
    if (at[0] >= 0xc2 && at[0] <= 0xdf)
        length = 2;
    else if (at[0] >= 0xe0 && at[0] <= 0xef)
        length = 3;
    else if (at[0] >= 0xf0 && at[0] <= 0xf4)
        length = 4;
    else
        return 0;
    point = at[0] & (0xffU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) /* true of the terminator too */
            return 0;
        point = point << 6 | (at[i] & 0x3fU);
    }
    if ((length == 3 && (point < 0x800 || (point >= 0xd800 && point <= 0xdfff))) ||
        (length == 4 && (point < 0x10000 || point > 0x10ffff)))
        return 0;
    return length;
}

void hf_json_put_string(hf_buffer *to, const char *string)
{
    const unsigned char *at = (const unsigned char *)string;
    hf_buffer_add(to, "\"", 1);
    while (*at != '\0') {
        size_t length = hf_utf8_length(at);
        if (length == 0) {
            hf_buffer_print(to, "\\ufffd");
            length = 1;
        } else if (*at == '"' || *at == '\\') {
            hf_buffer_print(to, "\\%c", *at);
        } else if (*at < 0x20 || *at == 0x7f) {
            hf_buffer_print(to, "\\u%04x", *at);
        } else {
            hf_buffer_add(to, (const char *)at, length);
        }
        at += length;
    }
    hf_buffer_add(to, "\"", 1);
}
