/* The trace's file: made or joined, shared out, grown.
 *
 * One word, header.used, shares out the room; what is shared out belongs to one writer, who alone
 * writes to it until the release of its head.  Beyond header.allocated nothing is written, because
 * a page without a block on a full disk would be a fault.  So that mark moves only after blocks
 * were got, and only forwards; whoever needs it moved does so himself, and others who need it at
 * the same time do the same work once more, which is harmless, and rare: steps are large.
 *
 * When that fails, this process tries no more for a while; meanwhile it takes no room beyond the
 * mark either, so that the file does not fill with holes.  What it could not write is counted.
 *
 * A file that somebody else cuts off is lost, with its header: nothing more is written then. */
#include "report/trace_file.h"

#include <stddef.h>
#include <string.h>

#include "core/event.h"
#include "platform/platform.h"
#include "report/trace.h"

/* Most programs have no findings, and end soon; blocks take time to get, and to give back. */
#define FIRST_FINDINGS ((uint64_t)1 << 15)
#define STEP_FINDINGS  ((uint64_t)1 << 17)
#define STEP_EVENTS    ((uint64_t)1 << 20)
#define CAPACITY_LEAST ((uint64_t)1 << 16)
#define CAPACITY_LIMIT ((uint64_t)1 << 42)
#define RETRY_NS       INT64_C(200000000)
#define STEPS_AHEAD    2

uint32_t hf_event_wanted_now;

static hf_os_shared file;
static uint32_t taken; /* somebody makes or joins a file, or has */
static uint32_t grows_no_more;
static int64_t retry_from_ns; /* growing has failed: not before this moment again */

_Static_assert(sizeof(hf_trace_header) <= HF_TRACE_HEADER_BYTES, "the header has its place");

static hf_trace_header *header(void)
{
    return (hf_trace_header *)(void *)file.memory;
}

static uint64_t step_of(uint32_t wants)
{
    return (wants & HF_TRACE_WANTS_EVENTS) != 0 ? STEP_EVENTS : STEP_FINDINGS;
}

const hf_trace_header *hf_trace_header_now(void)
{
    return hf_trace_wants() != 0 ? header() : NULL;
}

/* ---- beginning ------------------------------------------------------------------------------- */

static bool take(void)
{
    uint32_t free = 0;
    if (__atomic_compare_exchange_n(&taken, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return true;
    hf_os_set_error(EBUSY);
    return false;
}

static bool give_back(void)
{
    __atomic_store_n(&taken, 0, __ATOMIC_RELEASE);
    return false;
}

static void begin(uint32_t wants)
{
    /* Release: the file is mapped.  Partner: the acquire in hf_event_wanted. */
    __atomic_store_n(&hf_event_wanted_now, wants, __ATOMIC_RELEASE);
}

/* What a new file's header begins with. */
typedef struct beginning {
    uint64_t capacity;
    uint64_t *allocated;
    uint32_t wants;
} beginning;

static void fill(const hf_os_shared *made, const void *with)
{
    const beginning *from = with;
    hf_trace_header *to = (hf_trace_header *)(void *)made->memory;
    to->version = HF_TRACE_VERSION;
    to->header_bytes = HF_TRACE_HEADER_BYTES;
    to->capacity = from->capacity;
    to->allocated = *from->allocated;
    to->used = HF_TRACE_HEADER_BYTES;
    to->started_ns = (uint64_t)hf_os_now_ns();
    to->started_realtime_ns = hf_os_realtime_ns();
    to->wants = from->wants;
    to->maker = (uint32_t)hf_os_process_id();
    __atomic_store_n(&to->magic, HF_TRACE_MAGIC, __ATOMIC_RELEASE);
}

bool hf_trace_create(const char *path, uint64_t capacity, uint32_t wants)
{
    uint64_t rounded = (capacity > CAPACITY_LEAST ? capacity : CAPACITY_LEAST) & ~UINT64_C(0xffff);
    uint64_t first = step_of(wants) == STEP_EVENTS ? STEP_EVENTS : FIRST_FINDINGS;
    uint64_t allocated = rounded < first ? rounded : first;
    if (rounded > CAPACITY_LIMIT || wants == 0) {
        hf_os_set_error(EINVAL);
        return false;
    }
    beginning with = {.capacity = rounded, .allocated = &allocated, .wants = wants};
    if (!take())
        return false;
    if (!hf_os_shared_create(path, rounded, &allocated, fill, &with, &file))
        return give_back();
    begin(wants);
    return true;
}

static bool is_good(const hf_trace_header *of)
{
    return of->magic == HF_TRACE_MAGIC && of->version == HF_TRACE_VERSION &&
           of->header_bytes == HF_TRACE_HEADER_BYTES && of->capacity >= CAPACITY_LEAST &&
           of->capacity <= CAPACITY_LIMIT && of->wants != 0;
}

_Static_assert(offsetof(hf_trace_header, settings) <= HF_OS_SHARED_HEAD, "all that is judged");

/* All of it is mapped, if it is as long as its header tells: one that is shorter was cut off, and
 * to write beyond its end would be a fault. */
static uint64_t judge_to_join(const void *head, uint64_t bytes)
{
    const hf_trace_header *of = head;
    return bytes >= HF_TRACE_HEADER_BYTES && is_good(of) && bytes >= of->allocated ? of->capacity
                                                                                   : 0;
}

/* Of a file in which a process that runs says that it has made it, the header. */
static uint64_t judge_to_ask(const void *head, uint64_t bytes)
{
    const hf_trace_header *of = head;
    return bytes >= HF_TRACE_HEADER_BYTES && is_good(of) && hf_os_process_lives(of->maker)
               ? HF_TRACE_HEADER_BYTES
               : 0;
}

bool hf_trace_is_written(const char *path)
{
    hf_os_shared other;
    bool written = hf_os_shared_open(path, judge_to_ask, &other);
    if (written)
        hf_os_shared_close(&other);
    return written;
}

static uint64_t judge_to_replace(const void *head, uint64_t bytes)
{
    return bytes >= HF_TRACE_HEADER_BYTES && is_good(head) ? HF_TRACE_HEADER_BYTES : 0;
}

bool hf_trace_has_writers(const char *path)
{
    return hf_os_shared_is_written(path, judge_to_replace) || hf_trace_is_written(path);
}

bool hf_trace_attach(const char *path)
{
    if (!take())
        return false;
    if (!hf_os_shared_open(path, judge_to_join, &file))
        return give_back();
    begin(header()->wants);
    return true;
}

static void copy_text(char *to, size_t size, const char *from)
{
    size_t length = strnlen(from, size - 1);
    memcpy(to, from, length);
    to[length] = '\0';
}

void hf_trace_describe(const char *settings, const char *command)
{
    if (hf_trace_wants() == 0)
        return;
    copy_text(header()->settings, sizeof header()->settings, settings);
    copy_text(header()->command, sizeof header()->command, command);
}

/* ---- growing --------------------------------------------------------------------------------- */

static uint64_t allocated_now(void)
{
    /* Acquire: the blocks are there.  Partner: the release in grow. */
    uint64_t allocated = __atomic_load_n(&header()->allocated, __ATOMIC_ACQUIRE);
    return allocated < file.capacity ? allocated : file.capacity;
}

static bool may_try(void)
{
    if (__atomic_load_n(&grows_no_more, __ATOMIC_RELAXED) != 0)
        return false;
    int64_t from = __atomic_load_n(&retry_from_ns, __ATOMIC_RELAXED);
    return from == 0 || hf_os_now_ns() >= from;
}

/* The file is none of ours any more.  What is being written goes nowhere. */
static void lose(void)
{
    __atomic_store_n(&hf_event_wanted_now, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&grows_no_more, 1, __ATOMIC_RELAXED);
}

bool hf_trace_guard(void)
{
    return hf_trace_wants() != 0 && hf_os_guard(&file, lose);
}

/* It was not cut off; another process may have made it longer since. */
static bool is_whole(void)
{
    bool whole = __atomic_load_n(&header()->magic, __ATOMIC_RELAXED) == HF_TRACE_MAGIC;
    if (!whole)
        lose();
    return whole;
}

/* Until at least `end` has blocks. */
static bool grow(uint64_t end)
{
    uint64_t have = allocated_now();
    uint64_t step = step_of(header()->wants);
    uint64_t next = (end + step - 1) & ~(step - 1);
    uint64_t want = next < file.capacity ? next : file.capacity;
    int error = hf_os_error();
    if (end <= have)
        return true;
    if (!is_whole() || !may_try())
        return false;
    bool grown = hf_os_shared_grow(&file, have, want);
    hf_os_set_error(error);
    __atomic_store_n(&retry_from_ns, grown ? 0 : hf_os_now_ns() + RETRY_NS, __ATOMIC_RELAXED);
    while (grown && have < want) {
        /* Release: as above.  Another may have moved the mark meanwhile: never back. */
        if (__atomic_compare_exchange_n(&header()->allocated, &have, want, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
            break;
    }
    return grown;
}

void hf_trace_grow_ahead(void)
{
    if (hf_trace_wants() == 0)
        return;
    uint64_t ahead = STEPS_AHEAD * step_of(header()->wants);
    uint64_t end = __atomic_load_n(&header()->used, __ATOMIC_RELAXED) + ahead;
    (void)grow(end < file.capacity ? end : file.capacity);
}

void hf_trace_grow_no_more(void)
{
    __atomic_store_n(&grows_no_more, 1, __ATOMIC_RELAXED);
}

/* ---- records --------------------------------------------------------------------------------- */

static bool drop(void)
{
    (void)__atomic_fetch_add(&header()->dropped, 1, __ATOMIC_RELAXED);
    return false;
}

/* Whether room is worth asking for: not if it would be a hole, or none. */
static bool has_room(uint64_t size, bool vital)
{
    uint64_t used = __atomic_load_n(&header()->used, __ATOMIC_RELAXED);
    uint64_t limit = vital ? file.capacity : file.capacity - file.capacity / 8;
    return used <= limit && size <= limit - used && (used + size <= allocated_now() || may_try());
}

static void set_head(const hf_trace_record *record, hf_trace_record_kind kind, int order)
{
    uint64_t head = hf_trace_head(record->at, record->size, (unsigned)kind);
    uint64_t *place = (uint64_t *)(void *)record->bytes;
    if (order == __ATOMIC_RELEASE)
        __atomic_store_n(place, head, __ATOMIC_RELEASE);
    else
        __atomic_store_n(place, head, __ATOMIC_RELAXED);
}

bool hf_trace_begin(hf_trace_record *record, size_t bytes, bool vital)
{
    uint64_t size = (bytes + 7) & ~(uint64_t)7;
    record->bytes = NULL;
    if (size > HF_TRACE_RECORD_BYTES_MAX || !has_room(size, vital))
        return drop();
    record->at = __atomic_fetch_add(&header()->used, size, __ATOMIC_RELAXED);
    if (record->at > file.capacity - size || !grow(record->at + size))
        return drop();
    record->size = size;
    record->filled = sizeof(uint64_t);
    record->bytes = file.memory + record->at;
    set_head(record, HF_TRACE_UNFINISHED, __ATOMIC_RELAXED);
    return true;
}

void hf_trace_put(hf_trace_record *record, const void *from, size_t bytes)
{
    uint64_t left = record->size - record->filled;
    size_t part = bytes < left ? bytes : (size_t)left;
    memcpy(record->bytes + record->filled, from, part);
    record->filled += part;
}

size_t hf_trace_text_bytes(const char *text)
{
    return strnlen(text, HF_TRACE_TEXT_BYTES_MAX - 1) + 1;
}

/* The text may be changed meanwhile: its end is written whatever it is now. */
void hf_trace_put_text(hf_trace_record *record, const char *text)
{
    size_t length = hf_trace_text_bytes(text) - 1;
    hf_trace_put(record, text, length);
    hf_trace_put(record, "", 1);
}

void hf_trace_end(const hf_trace_record *record, hf_trace_record_kind kind)
{
    /* Release: all of it comes before.  Partner: the reader's acquire. */
    set_head(record, kind, __ATOMIC_RELEASE);
}

void hf_trace_count_finding(void)
{
    (void)__atomic_fetch_add(&header()->findings, 1, __ATOMIC_RELEASE);
}
