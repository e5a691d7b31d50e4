/* The trace that a program writes: what is read from it is what happened, record by record.
 *
 * Handles are opened from stacks of many depths, used, closed and detached, and misused; findings
 * are written that nobody made.  After each step the trace has the records that the step makes, and
 * no others. */
#include <string.h>

#include <holdfast/holdfast.h>

#include "harness.h"
#include "report/kinds.h"
#include "report/trace.h"
#include "told.h"

enum { HEAD_SIZE = 2, STEP_SIZE = 4, STEPS = 100, CARDS = 8, DEPTHS = 40 };

FUZZ_RECORDS(HEAD_SIZE, STEP_SIZE)

typedef struct card {
    hf_handle handle;
    hf_value value;
    bool is_open;
} card;

static hf_table *table;
static card cards[CARDS];

static hf_outcome release(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    *error = 0;
    return HF_OUTCOME_RELEASED;
}

static const hf_type type = {.size = sizeof(hf_type), .name = "thing", .release = release};

static const char *const texts[] = {"", "a label", "two\nlines", "\xff\xfe\033", "%s%n"};

static const char *text_of(unsigned choice)
{
    static char huge[2 * HF_TRACE_TEXT_BYTES_MAX];
    if (choice % 8 != 7)
        return texts[choice % 5];
    memset(huge, 'x', sizeof huge - 1);
    return huge;
}

/* ---- what the trace has to have --------------------------------------------------------------
 */

static hf_reader_record expect(hf_trace_record_kind kind)
{
    hf_reader_record record;
    if (!told_next(&record))
        fuzz_fail("there is no record");
    if (record.kind != kind)
        fuzz_fail("there is a record of kind %d instead of %d", (int)record.kind, (int)kind);
    return record;
}

static void expect_text(const char *told, const char *text)
{
    size_t length = strnlen(text, HF_TRACE_TEXT_BYTES_MAX - 1);
    if (strlen(told) != length || memcmp(told, text, length) != 0)
        fuzz_fail("the trace says '%.40s' instead of '%.40s'", told, text);
}

static void expect_number(uint64_t told, uint64_t number)
{
    if (told != number)
        fuzz_fail("the trace says %#llx instead of %#llx", (unsigned long long)told,
                  (unsigned long long)number);
}

static void expect_close(hf_handle handle, bool detached, const char *operation)
{
    hf_reader_record record = expect(HF_TRACE_CLOSE);
    expect_number(record.body.close->handle, handle.bits);
    expect_number(record.body.close->detached, detached);
    expect_text(record.texts[0], operation);
}

static void expect_finding(hf_handle handle, const char *operation)
{
    hf_reader_record record = expect(HF_TRACE_FINDING);
    expect_number(record.body.finding->handle, handle.bits);
    expect_text(record.texts[HF_FINDING_OPERATION], operation);
}

/* ---- steps -----------------------------------------------------------------------------------
 */

__attribute__((noinline)) static hf_status open_from(unsigned depth, hf_value value,
                                                     const hf_open_options *options, hf_handle *out)
{
    hf_status status = depth == 0 ? hf_open(table, &type, value, options, out)
                                  : open_from(depth - 1, value, options, out);
    __asm__ volatile("" ::: "memory");
    return status;
}

static void step_open(card *of, uint8_t how, uint8_t depth)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.label = text_of(how);
    options.borrowed = how % 16 == 1;
    if (of->is_open)
        return;
    of->value = (hf_value)how << depth % 32;
    if (open_from(depth % DEPTHS, of->value, how % 4 == 0 ? NULL : &options, &of->handle) != HF_OK)
        fuzz_fail("hf_open fails");
    of->is_open = true;
    hf_reader_record record = expect(HF_TRACE_OPEN);
    expect_number(record.body.open->handle, of->handle.bits);
    expect_number(record.body.open->value, of->value);
    expect_number(record.body.open->borrowed, how % 4 != 0 && options.borrowed);
    expect_text(record.texts[0], "thing");
    expect_text(record.texts[1], how % 4 == 0 ? "" : options.label);
    expect_text(record.texts[2], "hf_open");
}

/* Of one that is not open, if it ever was, it is a finding. */
static void step_close(card *of, uint8_t how, uint8_t depth)
{
    bool was_open = of->is_open;
    (void)depth;
    if (hf_handle_is_null(of->handle))
        return;
    of->is_open = false;
    if (how % 2 == 0)
        (void)hf_close(table, of->handle, NULL);
    else
        (void)hf_close_many(table, &of->handle, 1, NULL);
    const char *operation = how % 2 == 0 ? "hf_close" : "hf_close_many";
    if (was_open)
        expect_close(of->handle, false, operation);
    else
        expect_finding(of->handle, operation);
}

static void step_detach(card *of, uint8_t how, uint8_t depth)
{
    hf_value value;
    (void)how;
    (void)depth;
    if (!of->is_open)
        return;
    of->is_open = false;
    if (hf_detach(table, of->handle, &value) != HF_OK || value != of->value)
        fuzz_fail("hf_detach fails");
    expect_close(of->handle, true, "hf_detach");
}

static void step_use(card *of, uint8_t how, uint8_t depth)
{
    hf_region region;
    (void)how;
    (void)depth;
    if (hf_handle_is_null(of->handle))
        return;
    if (hf_enter(table, of->handle, &type, &region) == HF_OK)
        hf_leave(&region);
    else
        expect_finding(of->handle, "hf_enter");
}

static void step_note(card *of, uint8_t how, uint8_t depth)
{
    (void)depth;
    hf_trace_note_text(of->handle, text_of(how));
    hf_reader_record record = expect(HF_TRACE_NOTE);
    expect_number(record.body.note->handle, of->handle.bits);
    expect_text(record.texts[0], text_of(how));
}

/* Nothing was unloaded. */
static void step_code(card *of, uint8_t how, uint8_t depth)
{
    (void)of;
    (void)how;
    (void)depth;
    hf_trace_code_changed();
    hf_trace_process_begins(HF_TRACE_STARTED, NULL);
}

static void step_end(card *of, uint8_t how, uint8_t depth)
{
    (void)of;
    hf_trace_exit totals = {.opened = how, .live = depth, .reports = HF_TRACE_UNCOUNTED};
    hf_trace_process_ends(&totals);
    hf_reader_record record = expect(HF_TRACE_EXIT);
    expect_number(record.body.exit->opened, how);
    expect_number(record.body.exit->live, depth);
    expect_number(record.body.exit->reports, HF_TRACE_UNCOUNTED);
}

/* ---- findings that nobody made ---------------------------------------------------------------
 */

enum { FRAMES = 80 };

static hf_report_event event_of(unsigned choice)
{
    static uintptr_t frames[FRAMES];
    for (unsigned i = 0; i < FRAMES; i++)
        frames[i] = i % 3 == 0 ? (uintptr_t)&step_end + i : (uintptr_t)strlen - i * 64;
    return (hf_report_event){.thread = choice,
                             .thread_name = choice % 5 == 0 ? NULL : text_of(choice),
                             .frames = frames,
                             .frame_count = choice % (FRAMES + 1)};
}

static hf_report_party party_of(unsigned choice)
{
    return (hf_report_party){.handle = {choice % 4 == 0 ? 0 : choice * 2 + 1},
                             .value = (hf_value)choice << choice % 32,
                             .type_name = texts[choice % 5],
                             .label = text_of(choice / 3),
                             .opened = event_of(choice / 2),
                             .closed = event_of(choice / 5)};
}

/* Moments are written with at most 64 frames. */
static void expect_moment(const hf_reader_record *record, unsigned which,
                          const hf_report_event *event)
{
    uint32_t count = event->frame_count < 64 ? event->frame_count : 64;
    expect_number(record->body.finding->moments[which].frames, count);
    for (uint32_t i = 0; i < count; i++)
        expect_number(record->frames[which][i], event->frames[i]);
}

static void step_finding(card *of, uint8_t how, uint8_t depth)
{
    hf_report_holder holder = {.entered = event_of(depth), .hold = HF_HOLD_COUNTED};
    hf_trace_holder inside = {.moment = event_of(depth / 2), .operation = text_of(how / 2)};
    hf_report report = {.kind = (hf_report_kind)(how % HF_REPORT_KIND_COUNT),
                        .operation = text_of(how),
                        .table_name = texts[depth % 5],
                        .now = event_of(how),
                        .subject = party_of(depth),
                        .other = party_of(how ^ depth),
                        .other_role = texts[how / 4 % 5],
                        .holders = &holder,
                        .holder_count = how % 2,
                        .error = -1};
    (void)of;
    const hf_trace_holder *told = depth % 2 == 0 ? &inside : NULL;
    hf_trace_write_finding(&report, told, how % 3 == 0);
    hf_reader_record record = expect(HF_TRACE_FINDING);
    const hf_trace_finding *body = record.body.finding;
    expect_number(body->kind, report.kind);
    expect_number(body->in_tool, how % 3 == 0);
    expect_number(body->handle, report.subject.handle.bits);
    expect_number(body->other_handle, report.other.handle.bits);
    expect_moment(&record, HF_TRACE_NOW, &report.now);
    expect_moment(&record, HF_TRACE_OPENED, &report.subject.opened);
    if (told != NULL)
        expect_moment(&record, HF_TRACE_HOLDER, &inside.moment);
    else if (report.holder_count != 0)
        expect_moment(&record, HF_TRACE_HOLDER, &holder.entered);
    expect_text(record.texts[HF_FINDING_OPERATION], report.operation);
    expect_text(record.texts[HF_FINDING_LABEL], report.subject.label);
}

/* ---- an input --------------------------------------------------------------------------------
 */

static void play_step(const uint8_t *record)
{
    static void (*const steps[])(card *, uint8_t, uint8_t) = {
        step_open, step_close,  step_open, step_close, step_use,
        step_note, step_detach, step_code, step_end,   step_finding};
    hf_reader_record more;
    told_begin();
    steps[record[0] % (sizeof steps / sizeof steps[0])](&cards[record[1] % CARDS], record[2],
                                                        record[3]);
    if (told_next(&more))
        fuzz_fail("there is a record of kind %d more", (int)more.kind);
}

/* A table whose level is too low for a trace gets the one that it needs. */
static void make_table(uint8_t level, uint8_t reuse)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.level = (hf_level)(level % (HF_LEVEL_EVERYTHING + 1));
    options.reuse = reuse % 2 == 0 ? HF_REUSE_FIFO : HF_REUSE_LIFO;
    options.capacity_slots = 64;
    options.seed = 1;
    memset(cards, 0, sizeof cards);
    if (hf_table_create(&options, &table) != HF_OK)
        fuzz_fail("hf_table_create fails");
}

static void end_table(void)
{
    hf_reader_record record;
    hf_table_destroy(table);
    while (told_next(&record)) {
        if (record.kind != HF_TRACE_CLOSE && record.kind != HF_TRACE_FINDING)
            fuzz_fail("the end of a table is told as something else");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t last = HEAD_SIZE + STEPS * STEP_SIZE;
    if (size < HEAD_SIZE)
        return 0;
    told_begin();
    make_table(data[0], data[1]);
    for (size_t at = HEAD_SIZE; at + STEP_SIZE <= size && at < last; at += STEP_SIZE)
        play_step(data + at);
    end_table();
    return 0;
}
