/* Escaping. */
#include "escape.h"

#include <stdlib.h>
#include <string.h>

#include "report/json_string.h"

typedef void writer(hf_buffer *to, const char *text);

/* `most`: how many bytes one byte may become. */
static void write_by(writer *write, size_t most, FILE *to, const char *text)
{
    size_t size = strlen(text) * most + 3;
    hf_buffer buffer = {.text = malloc(size), .size = size};
    if (buffer.text == NULL)
        return;
    write(&buffer, text);
    (void)fputs(hf_buffer_end(&buffer), to);
    free(buffer.text);
}

static void write_plain(hf_buffer *to, const char *text)
{
    hf_buffer_add_plain(to, text, SIZE_MAX);
}

void escape_plain(FILE *to, const char *text)
{
    write_by(write_plain, 4, to, text);
}

void escape_json(FILE *to, const char *text)
{
    write_by(hf_json_put_string, 6, to, text);
}

/* Quotes and line ends would be changed by whoever reads an attribute. */
static const char *xml_entity(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\n':
        return "&#10;";
    case '\t':
        return "&#9;";
    default:
        return c < 0x20 || c == 0x7f ? "&#xfffd;" : NULL;
    }
}

void escape_xml(FILE *to, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        size_t length = hf_utf8_length(at);
        const char *entity = xml_entity(*at);
        /* U+FFFE and U+FFFF are no characters. */
        if (length == 0 || (length == 3 && memcmp(at, "\xef\xbf\xbe", 2) == 0 && at[2] >= 0xbe))
            entity = "&#xfffd;";
        if (entity != NULL)
            (void)fputs(entity, to);
        else
            (void)fwrite(at, 1, length, to);
        at += length > 0 ? length : 1;
    }
}
