/* The text of a finding.  As in the sanitizers' reports, so that people and crash tools read it as
 * they read those: the stack of the wrong call comes first, each stack is followed by an empty
 * line, and the last line is the SUMMARY. */
#include "text.h"

#include <inttypes.h>
#include <string.h>

#include "escape.h"
#include "report/kinds.h"
#include "report/rules.h"
#include "sentence.h"

typedef struct style {
    FILE *to;
    const char *bold_red;
    const char *bold;
    const char *plain;
} style;

/* ---- stacks --------------------------------------------------------------------------------- */

/* file.c:12:3, without what is unknown */
static void put_line(FILE *to, const char *file, const symbols_frame *at, bool with_column)
{
    escape_plain(to, file);
    if (at->line > 0)
        fprintf(to, ":%" PRIu32, at->line);
    if (with_column && at->line > 0 && at->column > 0)
        fprintf(to, ":%" PRIu32, at->column);
}

static void put_module(FILE *to, const char *path, const finding_frame *frame)
{
    (void)fputs(" (", to);
    if (frame->module[0] == '\0')
        (void)fputs("<unknown module>", to);
    else
        escape_plain(to, path);
    if (frame->module[0] != '\0')
        fprintf(to, "+0x%" PRIx64, frame->offset);
}

/* #0 0x55d0 in function file.c:12:3 (module+0x1234) */
static void put_frame(FILE *to, uint32_t number, const finding_frame *frame,
                      const symbols_frame *name)
{
    fprintf(to, "    #%" PRIu32 " 0x%" PRIx64, number, frame->address);
    if (name->function[0] != '\0') {
        (void)fputs(" in ", to);
        escape_plain(to, name->function);
    }
    if (name->file[0] != '\0') {
        (void)fputc(' ', to);
        put_line(to, name->file, name, true);
    }
    put_module(to, frame->module, frame);
    if (frame->module[0] != '\0' && frame->place->state != SYMBOLS_READ)
        fprintf(to, ": %s", symbols_state_text(frame->place->state));
    (void)fputs(")\n", to);
}

static void put_stack(FILE *to, const finding_moment *moment)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < moment->count; i++) {
        const symbols_place *place = moment->frames[i].place;
        for (uint32_t inlined = 0; inlined < place->count; inlined++)
            put_frame(to, number++, &moment->frames[i], &place->frames[inlined]);
    }
    (void)fputc('\n', to);
}

/* A moment, if anything is known of it: "  opened by thread 7 (worker):" and its stack. */
static void put_moment(const style *in, const char *what, const finding_moment *moment)
{
    if (moment->thread == 0 && moment->count == 0)
        return;
    fprintf(in->to, "  %s", in->bold);
    escape_plain(in->to, what);
    if (moment->thread != 0)
        fprintf(in->to, " by thread %" PRIu64, moment->thread);
    if (moment->thread_name[0] != '\0') {
        (void)fputs(" (", in->to);
        escape_plain(in->to, moment->thread_name);
        (void)fputc(')', in->to);
    }
    fprintf(in->to, ":%s\n", in->plain);
    put_stack(in->to, moment);
}

/* ---- the parts ------------------------------------------------------------------------------ */

static void put_title(const style *in, const finding *of)
{
    fprintf(in->to,
            "=================================================================\n"
            "%s==%" PRIu32 "==ERROR: Holdfast: %s: ",
            in->bold_red, of->process, hf_report_kind_name(of->kind));
    sentence_write(in->to, of);
    fprintf(in->to, "%s\n", in->plain);
}

static void put_now(const style *in, const finding *of)
{
    char what[64];
    (void)snprintf(what, sizeof what, "%s%.40s,", of->operation[0] != '\0' ? "this call of " : "",
                   of->operation[0] != '\0' ? of->operation : "this call");
    put_moment(in, what, &of->now);
}

/* Once for each party, so that nobody has to guess whose stacks these are. */
static void put_other(const style *in, const finding *of)
{
    if (of->other.handle == 0)
        return;
    (void)fputs("  ", in->to);
    escape_plain(in->to, of->other_role[0] != '\0' ? of->other_role : "also concerned:");
    (void)fputc(' ', in->to);
    sentence_put_party(in->to, &of->other);
    (void)fputc('\n', in->to);
    put_moment(in, "which was closed", &of->other.closed);
    put_moment(in, "which was opened", &of->other.opened);
}

static void put_holder(const style *in, const finding *of)
{
    char what[64];
    (void)snprintf(what, sizeof what, "inside %.40s meanwhile,",
                   of->holder_operation[0] != '\0' ? of->holder_operation : "a call");
    put_moment(in, what, &of->holder);
}

static void put_stacks(const style *in, const finding *of)
{
    bool opener_first = finding_blamed(of) == &of->subject.opened;
    if (opener_first)
        put_moment(in, "opened", &of->subject.opened);
    else
        put_now(in, of);
    put_holder(in, of);
    if (of->kind != HF_REPORT_CLOSE_DURING_USE) /* there it is this call */
        put_moment(in, "closed before,", &of->subject.closed);
    if (!opener_first)
        put_moment(in, "opened", &of->subject.opened);
    put_other(in, of);
}

void text_put_moment(FILE *to, const char *what, const finding_moment *moment)
{
    const style in = {.to = to, .bold_red = "", .bold = "", .plain = ""};
    put_moment(&in, what, moment);
}

void text_put_summary(FILE *to, const finding *of)
{
    const finding_moment *blamed = finding_blamed(of);
    (void)fputs(hf_report_kind_name(of->kind), to);
    if (blamed->count == 0)
        return;
    const finding_frame *frame = &blamed->frames[0];
    const symbols_frame *name = &frame->place->frames[0];
    if (name->file[0] != '\0') {
        (void)fputc(' ', to);
        put_line(to, hf_path_tail(name->file), name, false);
    } else {
        put_module(to, hf_path_tail(frame->module), frame);
        (void)fputc(')', to);
    }
    if (name->function[0] != '\0') {
        (void)fputs(" in ", to);
        escape_plain(to, name->function);
    }
}

void text_write(FILE *to, const finding *of, bool colour)
{
    style in = {.to = to,
                .bold_red = colour ? "\033[1m\033[31m" : "",
                .bold = colour ? "\033[1m" : "",
                .plain = colour ? "\033[0m" : ""};
    put_title(&in, of);
    put_stacks(&in, of);
    if (of->error != 0)
        fprintf(to, "  the system's error: %s (%" PRId32 ")\n", strerror(of->error), of->error);
    fprintf(to, "  hint: %s\n", sentence_advice(of));
    (void)fputs("SUMMARY: Holdfast: ", to);
    text_put_summary(to, of);
    (void)fputc('\n', to);
}
