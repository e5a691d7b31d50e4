/* Traces of any content whatever: the reader, the history, and what `holdfast report` prints.
 *
 * An input is a word that says what the file's header is like, and the records behind it.  A
 * record's head has a check of its place, which no mutation would hit upon; so a word where a head
 * belongs is made one, of the kind and the size that it tells, unless it says that it is to stay as
 * it is.  The records of a real trace are therefore inputs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "harness.h"
#include "json_strict.h"
#include "report.h"

enum { AREA_LIMIT = 1 << 20 };

/* What an input says of the header. */
enum {
    CUTS_USED = 1,    /* header.used tells less than there is */
    EXCEEDS_USED = 2, /* ... more */
    LITTLE_ROOM = 4,  /* header.capacity tells less */
    OTHER_VERSION = 8,
    OTHER_ORDER = 16,
    KEEPS_HEADS = 32, /* no head is made good */
    CUTS_HEADER = 64
};

/* ---- the file -------------------------------------------------------------------------------- */

static void make_header(hf_trace_header *header, unsigned how, size_t area)
{
    uint64_t end = HF_TRACE_HEADER_BYTES + area;
    memset(header, 0, sizeof *header);
    header->magic = (how & OTHER_ORDER) != 0 ? __builtin_bswap64(HF_TRACE_MAGIC) : HF_TRACE_MAGIC;
    header->version = (how & OTHER_VERSION) != 0 ? HF_TRACE_VERSION + 1 : HF_TRACE_VERSION;
    header->header_bytes = HF_TRACE_HEADER_BYTES;
    header->capacity = (how & LITTLE_ROOM) != 0 ? HF_TRACE_HEADER_BYTES + area / 2 : end;
    header->used = (how & CUTS_USED) != 0      ? end - end / 4
                   : (how & EXCEEDS_USED) != 0 ? UINT64_MAX - 7
                                               : end;
    header->wants = 3;
    memset(header->settings, 'x', sizeof header->settings); /* not terminated */
}

/* A word where a head belongs: kind 8, size in words 24; the rest all zeros: it stays as it is. */
static void make_heads(char *area, size_t size)
{
    uint64_t word;
    for (size_t at = 0; at + sizeof word <= size;) {
        memcpy(&word, area + at, sizeof word);
        uint64_t words = (word >> 8 & 0xffffff) % (HF_TRACE_RECORD_BYTES_MAX / 8 + 1);
        uint64_t bytes = (words > 3 ? words : 3) * 8;
        if (word >> 32 != 0) {
            word = hf_trace_head(HF_TRACE_HEADER_BYTES + at, bytes,
                                 (unsigned)(word & 0xff) % (HF_TRACE_RECORD_KIND_COUNT + 1));
            memcpy(area + at, &word, sizeof word);
        }
        at += bytes;
    }
}

/* The file's bytes, exactly as many as there are. */
static char *make_file(const uint8_t *data, size_t size, size_t *length)
{
    unsigned how = data[0];
    size_t area = size - 8 < AREA_LIMIT ? size - 8 : AREA_LIMIT;
    char *file = calloc(1, HF_TRACE_HEADER_BYTES + area);
    if (file == NULL)
        fuzz_fail("no memory");
    make_header((hf_trace_header *)(void *)file, how, area);
    memcpy(file + HF_TRACE_HEADER_BYTES, data + 8, area);
    if ((how & KEEPS_HEADS) == 0)
        make_heads(file + HF_TRACE_HEADER_BYTES, area);
    *length = (how & CUTS_HEADER) != 0 ? data[1] * 40U : HF_TRACE_HEADER_BYTES + area;
    if (*length > HF_TRACE_HEADER_BYTES + area)
        *length = HF_TRACE_HEADER_BYTES + area;
    char *cut = realloc(file, *length + 1);
    return cut != NULL ? cut : file;
}

/* ---- reading and printing -------------------------------------------------------------------- */

static hf_reader *open_file(const char *file, size_t length)
{
    hf_reader *reader;
    return hf_reader_open_memory(file, length, &reader) == HF_READER_OK ? reader : NULL;
}

static void check_json(char *text)
{
    for (char *line = text; *line != '\0';) {
        char *end = strchr(line, '\n');
        if (end == NULL)
            fuzz_fail("a line of JSON does not end");
        *end = '\0';
        if (!json_is_object(line, strlen(line)))
            fuzz_fail("this is not JSON: %.200s", line);
        line = end + 1;
    }
}

/* What is printed of the file; `history` NULL: its findings. */
static void print(const char *file, size_t length, const hf_history *history, bool json)
{
    const report_choice all = {.has_process = false};
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    hf_reader *reader = open_file(file, length);
    if (to == NULL || reader == NULL)
        fuzz_fail("no memory");
    if (history != NULL)
        report_lives(history, NULL, &all, json, to);
    else if (!report_findings(reader, NULL, &all, json, to))
        fuzz_fail("findings cannot be read");
    (void)fclose(to);
    if (json)
        check_json(text);
    hf_reader_close(reader);
    free(text);
}

static void play(const char *file, size_t length)
{
    hf_reader *reader = open_file(file, length);
    hf_history *history;
    if (reader == NULL)
        return;
    check_records(reader);
    hf_reader_close(reader);
    reader = open_file(file, length);
    if (reader == NULL || hf_history_read(reader, &history) != HF_READER_OK)
        fuzz_fail("a history cannot be read");
    check_history(history);
    for (int json = 0; json < 2; json++) {
        print(file, length, history, json != 0);
        print(file, length, NULL, json != 0);
    }
    hf_history_free(history);
    hf_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t length;
    if (size < 8)
        return 0;
    char *file = make_file(data, size, &length);
    play(file, length);
    free(file);
    return 0;
}
