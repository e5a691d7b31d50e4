/* A report as text, in the style of the sanitizers, so that people and crash tools read it as they
 * read theirs: the stack of the wrong call comes first, then who closed, then who opened, each
 * followed by an empty line; the last line is the SUMMARY by which tools tell findings apart. */
#include <inttypes.h>
#include <string.h>

#include "platform/platform.h"
#include "report/kinds.h"
#include "report/options.h"
#include "report/rules.h"
#include "report/symbols.h"
#include "report/text_parts.h"
#include "report/threads.h"
#include "report/writer.h"

enum { BRIEF_TEXT = 100, BRIEF_FRAMES = 12 };

static void put_subject(const hf_text *to)
{
    const hf_report *report = to->report;
    hf_buffer_print(to->buffer, "  found by %s",
                    report->operation[0] != '\0' ? report->operation : "Holdfast");
    if (!hf_handle_is_null(report->subject.handle)) {
        hf_buffer_print(to->buffer, ": ");
        hf_text_put_party(to, &report->subject);
    } else if (report->subject.group_name[0] != '\0') {
        hf_buffer_print(to->buffer, ": group ");
        hf_text_put_name(to, report->subject.group_name);
    }
    if (report->table_name[0] != '\0') {
        hf_buffer_print(to->buffer, ", table ");
        hf_text_put_name(to, report->table_name);
    }
    if (report->issuer_name[0] != '\0') {
        hf_buffer_print(to->buffer, "; it was issued by table ");
        hf_text_put_name(to, report->issuer_name);
    }
    hf_buffer_print(to->buffer, "\n");
    if (report->group_count > 1)
        hf_buffer_print(to->buffer, "  %u handles that were opened there have this fate\n",
                        report->group_count);
}

static void put_other(const hf_text *to)
{
    const hf_report_party *other = &to->report->other;
    if (hf_handle_is_null(other->handle))
        return;
    hf_buffer_print(to->buffer, "  %s ",
                    to->report->other_role[0] != '\0' ? to->report->other_role : "also concerned:");
    hf_text_put_party(to, other);
    hf_buffer_print(to->buffer, "\n");
    hf_text_put_event(to, "which was closed", &other->closed);
    hf_text_put_event(to, "which was opened", &other->opened);
}

/* handle 0x2a, or lock 0x7ffd0010 */
static void put_thing(const hf_text *to, hf_handle handle, const void *lock)
{
    if (lock != NULL)
        hf_buffer_print(to->buffer, "lock 0x%" PRIxPTR, (uintptr_t)lock);
    else
        hf_buffer_print(to->buffer, "handle 0x%" PRIx64, handle.bits);
}

/* What a holder waits for itself. */
static void put_wait(const hf_text *to, const hf_report_holder *holder)
{
    const hf_report_event *now = &to->report->now;
    const hf_report_event *waits = &holder->waits;
    if (hf_handle_is_null(holder->awaited) && holder->awaited_lock == NULL)
        return;
    hf_buffer_print(to->buffer, "  %sand waits for ", to->bold);
    put_thing(to, holder->awaited, holder->awaited_lock);
    if (waits->thread == now->thread && waits->frame_count > 0 && waits->frames == now->frames) {
        hf_buffer_print(to->buffer, ", by this call%s\n\n", to->plain);
        return;
    }
    hf_buffer_print(to->buffer, "%s%s\n", waits->frame_count > 0 ? ":" : "", to->plain);
    hf_text_put_stack(to, waits);
}

/* Where a holder began to hold, at the end of a line; and what it waits for. */
static void put_rest(const hf_text *to, const hf_report_holder *holder)
{
    bool known = holder->entered.frame_count > 0;
    hf_buffer_print(to->buffer, "%s%s\n", known ? ", entered:" : "", to->plain);
    if (known)
        hf_text_put_stack(to, &holder->entered);
    put_wait(to, holder);
}

/* A step of a cycle: thread 7 (worker) holds handle 0x2a in a counted region */
static void put_step(const hf_text *to, const hf_report_holder *holder,
                     const hf_report_holder *before)
{
    hf_buffer_print(to->buffer, "  %sthread %" PRIu64, to->bold, holder->entered.thread);
    hf_text_put_thread_name(to, &holder->entered);
    hf_buffer_print(to->buffer, " holds ");
    put_thing(to, holder->held, holder->held_lock);
    if (before != NULL && !hf_handle_is_null(before->awaited) &&
        !hf_handle_equal(before->awaited, holder->held))
        hf_buffer_print(to->buffer, ", which keeps its parent 0x%" PRIx64 ",",
                        before->awaited.bits);
    if (holder->hold != HF_HOLD_LOCK)
        hf_buffer_print(to->buffer, " %s", hf_hold_text(holder->hold));
    put_rest(to, holder);
}

/* Each waits for what the next one holds, and the last one for what the first one holds: a list
 * that may have been cut does not tell what comes before the first. */
static void put_cycle(const hf_text *to)
{
    const hf_report *report = to->report;
    uint32_t count = report->holder_count;
    if (count > 1)
        hf_buffer_print(to->buffer, "  %seach of these waits for what the next one holds:%s\n",
                        to->bold, to->plain);
    for (uint32_t i = 0; i < count; i++)
        put_step(to, &report->holders[i],
                 i > 0 || count == 1 ? &report->holders[i > 0 ? i - 1 : 0] : NULL);
}

static void put_holders(const hf_text *to)
{
    const hf_report *report = to->report;
    if (report->kind == HF_REPORT_POSSIBLE_DEADLOCK) {
        put_cycle(to);
        return;
    }
    for (uint32_t i = 0; i < report->holder_count; i++) {
        const hf_report_holder *holder = &report->holders[i];
        hf_buffer_print(to->buffer, "  %sheld %s", to->bold, hf_hold_text(holder->hold));
        hf_text_put_thread(to, &holder->entered);
        put_rest(to, holder);
    }
    if (report->references > 0)
        hf_buffer_print(to->buffer, "  counted holders: %u\n", report->references);
}

/* ---- the rest ------------------------------------------------------------------------------- */

static void put_error(const hf_text *to)
{
    char reason[128];
    if (to->report->error != 0)
        hf_buffer_print(to->buffer, "  the system's error: %s (%d)\n",
                        hf_os_error_text(to->report->error, reason, sizeof reason),
                        (int)to->report->error);
}

static void put_hints(const hf_text *to)
{
    const hf_report *report = to->report;
    hf_buffer_print(to->buffer, "  hint: %s\n", report->advice);
    if (report->subject.type_name[0] != '\0' && report->subject.opened.frame_count == 0)
        hf_buffer_print(to->buffer, "  hint: where the handle was opened was not recorded; "
                                    "HOLDFAST_OPTIONS=level=1 records it\n");
    if (report->holder_count > 0 && report->holders[0].entered.frame_count == 0)
        hf_buffer_print(to->buffer, "  hint: where the regions were entered was not recorded; "
                                    "HOLDFAST_OPTIONS=level=3 records it\n");
}

/* SUMMARY: Holdfast: double-close file.c:42 in function */
static void put_summary(const hf_text *to, const hf_report_event *blamed)
{
    hf_os_symbol symbol;
    hf_buffer_print(to->buffer, "SUMMARY: Holdfast: %s", to->report->kind_name);
    if (blamed->frame_count > 0) {
        hf_symbols_find(blamed->frames[hf_symbols_own_frames(blamed)], &symbol);
        if (symbol.file[0] != '\0')
            hf_buffer_print(to->buffer, " %s:%u", hf_path_tail(symbol.file), symbol.line);
        else if (symbol.module[0] != '\0')
            hf_buffer_print(to->buffer, " (%s+0x%" PRIx64 ")", hf_path_tail(symbol.module),
                            symbol.offset);
        if (symbol.function[0] != '\0')
            hf_buffer_print(to->buffer, " in %s", symbol.function);
    }
    hf_buffer_print(to->buffer, "\n");
}

static void put_title(const hf_text *to)
{
    hf_buffer_print(to->buffer,
                    "=================================================================\n"
                    "%s==%" PRIu64 "==ERROR: Holdfast: %s: %s%s\n",
                    to->bold_red, hf_os_process_id(), to->report->kind_name, to->report->message,
                    to->plain);
}

static bool opener_is_blamed(const hf_report *report)
{
    return hf_kind_blames_opener(report->kind) && report->subject.opened.frame_count > 0;
}

static void put_stacks(const hf_text *to)
{
    const hf_report *report = to->report;
    bool opener_first = opener_is_blamed(report);
    if (opener_first)
        hf_text_put_event(to, "opened", &report->subject.opened);
    hf_text_put_event(to, "this call,", &report->now);
    hf_text_put_event(to, "previously closed", &report->subject.closed);
    if (!opener_first)
        hf_text_put_event(to, "opened", &report->subject.opened);
}

void hf_text_write(hf_buffer *buffer, const hf_report *report, bool colour)
{
    hf_text to = {.buffer = buffer,
                  .report = report,
                  .limit = SIZE_MAX,
                  .frames = UINT32_MAX,
                  .bold_red = colour ? "\033[1m\033[31m" : "",
                  .bold = colour ? "\033[1m" : "",
                  .plain = colour ? "\033[0m" : ""};
    hf_symbols_begin();
    put_title(&to);
    put_subject(&to);
    put_stacks(&to);
    put_other(&to);
    put_holders(&to);
    put_error(&to);
    put_hints(&to);
    put_summary(&to, opener_is_blamed(report) ? &report->subject.opened : &report->now);
    hf_symbols_end();
}

void hf_text_write_brief(hf_buffer *buffer, const hf_report *report)
{
    hf_text to = {.buffer = buffer,
                  .report = report,
                  .limit = BRIEF_TEXT,
                  .frames = BRIEF_FRAMES,
                  .bold_red = "",
                  .bold = "",
                  .plain = ""};
    bool outer = hf_self.symbolizing;
    hf_self.symbolizing = true; /* modules and offsets only */
    put_title(&to);
    put_subject(&to);
    hf_text_put_event(&to, "this call,", &report->now);
    put_error(&to);
    put_summary(&to, &report->now);
    hf_self.symbolizing = outer;
}

size_t hf_report_text(const hf_report *report, char *buffer, size_t size)
{
    hf_buffer to = {.text = buffer, .size = buffer != NULL ? size : 0};
    int error = hf_os_error();
    if (report != NULL)
        hf_text_write(&to, report, false);
    (void)hf_buffer_end(&to);
    hf_os_set_error(error);
    return to.length;
}
