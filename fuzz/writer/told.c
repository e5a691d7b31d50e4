#include "told.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <holdfast/holdfast.h>

#include "harness.h"
#include "report/stacks.h"
#include "report/trace.h"

enum { ROOM = 1 << 20, LONG = 1 << 19, NUMBERS = 1 << 20 };

static hf_trace_header *header; /* the file's first megabyte, which has blocks from the first on */
static hf_reader *reader;
static char by_descriptor[64];

/* By their numbers.  A process tells each once, however often its trace is emptied. */
static bool stacks[NUMBERS];
static bool threads[NUMBERS];

static void open_reader(void)
{
    if (hf_reader_open(by_descriptor, &reader) != HF_READER_OK)
        fuzz_fail("the trace cannot be read");
}

static void set(const char *options)
{
    if (hf_set_options(options) != HF_OK)
        fuzz_fail("the options '%s' are refused: %s", options, strerror(errno));
}

/* The file loses its name at once, so that nothing is left of it, and it does not grow. */
static void make_trace(void)
{
    char folder[] = "/tmp/holdfast-writer-XXXXXX";
    char path[sizeof folder + 16];
    char options[128];
    if (mkdtemp(folder) == NULL)
        fuzz_fail("mkdtemp: %s", strerror(errno));
    (void)snprintf(path, sizeof path, "%s/trace", folder);
    (void)snprintf(options, sizeof options, "print_all=1:symbolize=0:log_path=/dev/null:trace=%s",
                   path);
    set(options);
    set(options); /* the same once more is no change */
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (!hf_trace_is_written(path) || hf_trace_attach(path) || file < 0)
        fuzz_fail("the trace is not written, or is twice");
    header = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (header == MAP_FAILED)
        fuzz_fail("mmap: %s", strerror(errno));
    (void)unlink(path);
    (void)rmdir(folder);
    hf_trace_grow_ahead(); /* cannot */
    hf_trace_describe("print_all=1", "writer_fuzz");
    (void)snprintf(by_descriptor, sizeof by_descriptor, "/proc/self/fd/%d", file);
    open_reader();
}

static void empty(void)
{
    uint64_t used = header->used;
    hf_reader_close(reader);
    memset((char *)header + HF_TRACE_HEADER_BYTES, 0, (size_t)used - HF_TRACE_HEADER_BYTES);
    header->used = HF_TRACE_HEADER_BYTES;
    open_reader();
}

void told_begin(void)
{
    if (header == NULL)
        make_trace();
    else if (header->used > LONG)
        empty();
    hf_stacks_code_changed(); /* an input finds nothing that another has left of its stacks */
}

static uint32_t number_of(const hf_reader_record *record)
{
    uint32_t number =
        record->kind == HF_TRACE_STACK ? record->body.stack->number : record->body.common->thread;
    if (number >= NUMBERS)
        fuzz_fail("there are not so many numbers");
    return number;
}

static void learn(const hf_reader_record *record)
{
    if (record->kind == HF_TRACE_STACK)
        stacks[number_of(record)] = record->body.stack->count != 0;
    else if (record->kind == HF_TRACE_THREAD)
        threads[number_of(record)] = true;
}

static void check_stack(uint32_t number)
{
    if (number >= NUMBERS || (number != 0 && !stacks[number]))
        fuzz_fail("stack %u was not told", number);
}

static void check(const hf_reader_record *record)
{
    if (record->body.common->process != (uint32_t)getpid() || record->body.common->time_ns == 0)
        fuzz_fail("a record is of no process, or of no time");
    if (record->kind == HF_TRACE_STACK)
        return;
    if (record->body.common->thread != 0 && !threads[number_of(record)])
        fuzz_fail("thread %u was not told", record->body.common->thread);
    if (record->kind == HF_TRACE_OPEN)
        check_stack(record->body.open->stack);
    else if (record->kind == HF_TRACE_CLOSE)
        check_stack(record->body.close->stack);
}

static bool is_of_interest(hf_trace_record_kind kind)
{
    return kind == HF_TRACE_OPEN || kind == HF_TRACE_CLOSE || kind == HF_TRACE_NOTE ||
           kind == HF_TRACE_FINDING || kind == HF_TRACE_EXIT;
}

bool told_next(hf_reader_record *out)
{
    hf_reader_status status;
    while ((status = hf_reader_next(reader, out)) == HF_READER_RECORD) {
        learn(out);
        check(out);
        if (is_of_interest(out->kind))
            return true;
    }
    const hf_reader_tally *tally = hf_reader_tally_now(reader);
    if (status != HF_READER_END || tally->unfinished + tally->damaged + tally->bytes_skipped != 0)
        fuzz_fail("a record is not whole");
    if (header->dropped != 0)
        fuzz_fail("a record was dropped");
    return false;
}
