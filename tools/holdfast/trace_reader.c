/* The reader: a window of the file in memory that moves on, and a place in it.
 *
 * Writers finish a record by the release of its head.  A window is therefore read twice, one after
 * the other: a head that was found good by the first reading had its record whole before the
 * second, from which the record is taken.  (The fence between them is the acquire: partner is the
 * release in hf_trace_end.) */
#include "trace_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace_record.h"

enum { WINDOW = 1 << 16 };

_Static_assert((int)WINDOW >= (int)HF_TRACE_RECORD_BYTES_MAX, "a record fits into the window");

struct hf_reader {
    int descriptor;    /* -1: */
    const char *bytes; /* memory is read, of `size` bytes */
    uint64_t size;
    uint64_t at;    /* the next record's place */
    uint64_t last;  /* the place of the last one that was read; 0: none */
    uint64_t limit; /* up to where there may be records */
    uint64_t start; /* of the window, which has `held` bytes */
    uint64_t held;
    bool skips;   /* what is unfinished at `at` is to be skipped */
    bool is_lost; /* there was no head before `at`: goes on until there is one */
    hf_trace_header header;
    hf_reader_tally tally;
    uint64_t first[WINDOW / sizeof(uint64_t)]; /* the first reading, and the second */
    uint64_t second[WINDOW / sizeof(uint64_t)];
};

const char *hf_reader_status_text(hf_reader_status status)
{
    static const char *const texts[] = {
#define TEXT(NAME, text) text,
        HF_READER_STATUSES(TEXT)
#undef TEXT
    };
    return texts[status];
}

const hf_reader_tally *hf_reader_tally_now(const hf_reader *reader)
{
    return &reader->tally;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* As many as there are, up to `size`. */
static uint64_t read_bytes(const hf_reader *reader, void *to, uint64_t at, uint64_t size)
{
    uint64_t done = 0;
    if (reader->descriptor < 0) {
        done = at < reader->size ? reader->size - at : 0;
        done = done < size ? done : size;
        memcpy(to, reader->bytes + at, (size_t)done);
        return done;
    }
    while (done < size) {
        ssize_t got =
            pread(reader->descriptor, (char *)to + done, (size_t)(size - done), (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += (uint64_t)got;
    }
    return done;
}

static uint64_t size_now(const hf_reader *reader)
{
    struct stat status;
    if (reader->descriptor < 0)
        return reader->size;
    return fstat(reader->descriptor, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/* Reads the header again: more may have been written. */
static void refresh(hf_reader *reader)
{
    hf_trace_header *header = &reader->header;
    uint64_t size = size_now(reader);
    (void)read_bytes(reader, header, 0, sizeof *header);
    header->settings[sizeof header->settings - 1] = '\0';
    header->command[sizeof header->command - 1] = '\0';
    uint64_t told = header->used < header->capacity ? header->used : header->capacity;
    reader->limit = (told < size ? told : size) & ~UINT64_C(7);
    reader->tally.bytes_missing = told > size ? told - size : 0;
    reader->held = 0;
}

/* Has [at, at + size) in the window; false: the file ends before. */
static bool look_at(hf_reader *reader, uint64_t at, uint64_t size)
{
    if (at >= reader->start && at + size <= reader->start + reader->held)
        return true;
    /* Not the whole window where so much was not written yet: most traces of a run are short. */
    uint64_t written = reader->limit > at + size ? reader->limit - at : size;
    uint64_t held = read_bytes(reader, reader->first, at, written < WINDOW ? written : WINDOW);
    __atomic_thread_fence(__ATOMIC_ACQUIRE); /* see above */
    uint64_t again = read_bytes(reader, reader->second, at, held);
    reader->start = at;
    reader->held = again;
    return size <= again;
}

static uint64_t first_word(const hf_reader *reader, uint64_t at)
{
    return reader->first[(at - reader->start) / sizeof(uint64_t)];
}

static char *second_bytes(hf_reader *reader, uint64_t at)
{
    return (char *)reader->second + (at - reader->start);
}

/* ---- opening --------------------------------------------------------------------------------- */

const hf_trace_header *hf_reader_header(hf_reader *reader)
{
    refresh(reader);
    return &reader->header;
}

static hf_reader_status judge_header(const hf_trace_header *header, uint64_t size)
{
    uint64_t magic = HF_TRACE_MAGIC;
    size_t known = size < sizeof magic ? (size_t)size : sizeof magic;
    if (size == 0)
        return HF_READER_EMPTY;
    if (size >= sizeof magic && __builtin_bswap64(header->magic) == HF_TRACE_MAGIC)
        return HF_READER_OTHER_BYTE_ORDER;
    if (memcmp(&header->magic, &magic, known) != 0)
        return HF_READER_NOT_A_TRACE;
    if (size < sizeof *header)
        return HF_READER_TRUNCATED;
    if (header->version != HF_TRACE_VERSION)
        return HF_READER_OTHER_VERSION;
    if (header->header_bytes != HF_TRACE_HEADER_BYTES)
        return HF_READER_NOT_A_TRACE;
    return size < HF_TRACE_HEADER_BYTES ? HF_READER_TRUNCATED : HF_READER_OK;
}

/* Takes the reader over, and frees it if it is of no use. */
static hf_reader_status begin(hf_reader *reader, hf_reader **out)
{
    hf_trace_header header = {.magic = 0};
    uint64_t size = read_bytes(reader, &header, 0, sizeof header);
    if (size == sizeof header)
        size = size_now(reader);
    hf_reader_status status = judge_header(&header, size);
    if (status != HF_READER_OK) {
        hf_reader_close(reader);
        return status;
    }
    reader->at = HF_TRACE_HEADER_BYTES;
    refresh(reader);
    *out = reader;
    return HF_READER_OK;
}

/* Only a file can be read from any place. */
static bool is_readable(int descriptor)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return false;
    errno = S_ISDIR(status.st_mode) ? EISDIR : ESPIPE;
    return S_ISREG(status.st_mode);
}

hf_reader_status hf_reader_open(const char *path, hf_reader **out)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return HF_READER_CANNOT_OPEN;
    hf_reader *reader = is_readable(descriptor) ? calloc(1, sizeof *reader) : NULL;
    if (reader == NULL) {
        int error = errno;
        (void)close(descriptor);
        errno = error;
        return error == ENOMEM   ? HF_READER_NO_MEMORY
               : error == ESPIPE ? HF_READER_NOT_A_TRACE
                                 : HF_READER_CANNOT_OPEN;
    }
    reader->descriptor = descriptor;
    return begin(reader, out);
}

hf_reader_status hf_reader_open_memory(const void *bytes, size_t size, hf_reader **out)
{
    hf_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return HF_READER_NO_MEMORY;
    reader->descriptor = -1;
    reader->bytes = bytes;
    reader->size = size;
    return begin(reader, out);
}

/* A writer that was about to make the file longer did so all the same: with zeros. */
static bool is_last_one_gone(const hf_reader *reader)
{
    uint64_t head = 0;
    return reader->last != 0 &&
           (read_bytes(reader, &head, reader->last, sizeof head) != sizeof head || head == 0);
}

/* The length is asked for last: it only grows, unless the file is cut off. */
bool hf_reader_is_cut_off(const hf_reader *reader)
{
    hf_trace_header now;
    return read_bytes(reader, &now, 0, sizeof now) != sizeof now || now.magic != HF_TRACE_MAGIC ||
           is_last_one_gone(reader) || now.allocated > size_now(reader);
}

void hf_reader_close(hf_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->descriptor >= 0)
        (void)close(reader->descriptor);
    free(reader);
}

/* ---- records --------------------------------------------------------------------------------- */

/* The size that a head tells; 0: it is none. */
static uint64_t size_of_head(uint64_t head, uint64_t at)
{
    uint64_t size = (head >> 8 & 0xffffff) * 8;
    bool good = size >= sizeof(hf_trace_common) && size <= HF_TRACE_RECORD_BYTES_MAX &&
                head == hf_trace_head(at, size, (unsigned)(head & 0xff));
    return good ? size : 0;
}

static void step_over(hf_reader *reader, uint64_t bytes)
{
    reader->at += bytes;
    reader->skips = false;
    reader->is_lost = false;
}

/* No head is here. */
static void seek(hf_reader *reader)
{
    reader->at += sizeof(uint64_t);
    reader->tally.bytes_skipped += sizeof(uint64_t);
    reader->is_lost = true;
}

/* Judges what is at the reader's place: RECORD; PENDING; OK: it was stepped over; END: the rest of
 * it is missing. */
static hf_reader_status judge(hf_reader *reader, hf_reader_record *out)
{
    uint64_t head = first_word(reader, reader->at);
    uint64_t size = size_of_head(head, reader->at);
    if (size == 0) {
        if (head == 0 && !reader->skips && !reader->is_lost)
            return HF_READER_PENDING;
        seek(reader);
        return HF_READER_OK;
    }
    if ((head & 0xff) == HF_TRACE_UNFINISHED) {
        if (!reader->skips)
            return HF_READER_PENDING;
        reader->tally.unfinished++;
        step_over(reader, size);
        return HF_READER_OK;
    }
    if (!look_at(reader, reader->at, size) || size > reader->limit - reader->at)
        return HF_READER_END;
    out->at = reader->at;
    bool good = hf_record_take_apart(second_bytes(reader, reader->at), size, out);
    reader->last = reader->at;
    step_over(reader, size);
    reader->tally.records += good;
    reader->tally.damaged += !good;
    return good ? HF_READER_RECORD : HF_READER_OK;
}

/* Whether there is something at the reader's place. */
static bool has_more(hf_reader *reader)
{
    if (reader->at < reader->limit)
        return true;
    refresh(reader);
    return reader->at < reader->limit;
}

hf_reader_status hf_reader_next(hf_reader *reader, hf_reader_record *out)
{
    hf_reader_status status = HF_READER_OK;
    while (status == HF_READER_OK && has_more(reader)) {
        if (!look_at(reader, reader->at, sizeof(uint64_t)))
            break;
        status = judge(reader, out);
    }
    if (status == HF_READER_RECORD)
        return status;
    refresh(reader); /* so that the next call looks at the file as it is then */
    if (reader->at >= reader->limit)
        reader->skips = reader->is_lost = false; /* what comes there is new */
    return status == HF_READER_PENDING ? status : HF_READER_END;
}

void hf_reader_skip(hf_reader *reader)
{
    reader->skips = true;
}

hf_trace_finding_state hf_reader_finding_state(const hf_reader *reader, uint64_t at)
{
    uint32_t state = HF_TRACE_WITHDRAWN; /* where the file has come to an end before it */
    (void)read_bytes(reader, &state, at + offsetof(hf_trace_finding, state), sizeof state);
    return state <= HF_TRACE_WITHDRAWN ? (hf_trace_finding_state)state : HF_TRACE_WITHDRAWN;
}
