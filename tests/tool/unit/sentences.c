/* What is said of each kind of finding. */
#include "sentence.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *sentence_of(const finding *of)
{
    char *text = NULL;
    size_t length;
    FILE *memory = open_memstream(&text, &length);
    sentence_write(memory, of);
    (void)fclose(memory);
    return text;
}

static void expect_sentence(const finding *of, const char *expected)
{
    char *text = sentence_of(of);
    cr_expect_str_eq(text, expected);
    free(text);
}

/* Of descriptor 5, which was a pipe; changed as the test needs it. */
static finding finding_of(hf_report_kind kind, const char *operation)
{
    return (finding){.kind = kind,
                     .in_tool = true,
                     .process = 7,
                     .handles = 1,
                     .operation = operation,
                     .table = "",
                     .subject = {.handle = 3, .value = 5, .type = "descriptor", .label = "pipe"},
                     .other = {.type = "", .label = ""},
                     .other_role = "",
                     .holder_operation = ""};
}

static finding with_stream(finding of)
{
    of.other =
        (finding_party){.handle = 9, .value = 0x55d0c0de, .type = "stream", .label = "/tmp/log"};
    return of;
}

Test(sentences, double_close)
{
    finding of = finding_of(HF_REPORT_DOUBLE_CLOSE, "close");
    expect_sentence(&of, "descriptor 5 (pipe) was closed twice");
    of.subject = (finding_party){.handle = 9, .value = 0x55d0c0de, .type = "stream", .label = ""};
    expect_sentence(&of, "stream 0x55d0c0de was closed twice");
}

Test(sentences, stale_use)
{
    finding of = finding_of(HF_REPORT_STALE_USE, "read");
    expect_sentence(&of, "descriptor 5 (pipe) was used by read after it was closed");
    of.operation = "";
    expect_sentence(&of, "descriptor 5 (pipe) was used after it was closed");
}

Test(sentences, handle_reuse)
{
    finding of = finding_of(HF_REPORT_HANDLE_REUSE, "close");
    of.other = (finding_party){.handle = 9, .value = 5, .type = "descriptor", .label = "/db"};
    expect_sentence(&of, "descriptor 5 (pipe) was closed again by close, and hit descriptor 5 "
                         "(/db), which somebody else opened");
    of.operation = "write";
    expect_sentence(&of, "descriptor 5 (pipe) was used by write after it was closed, and hit "
                         "descriptor 5 (/db), which somebody else opened");
}

Test(sentences, foreign_close_of_the_descriptor)
{
    finding of = with_stream(finding_of(HF_REPORT_FOREIGN_CLOSE, "close"));
    expect_sentence(&of, "descriptor 5 (pipe) was closed by close, but belongs to stream "
                         "0x55d0c0de (/tmp/log)");
}

Test(sentences, foreign_close_of_the_stream)
{
    finding of = with_stream(finding_of(HF_REPORT_FOREIGN_CLOSE, "fclose"));
    expect_sentence(&of, "stream 0x55d0c0de (/tmp/log) was closed by fclose, but its descriptor 5 "
                         "(pipe) had been closed before");
}

Test(sentences, close_during_use)
{
    finding of = finding_of(HF_REPORT_CLOSE_DURING_USE, "close");
    of.holder.thread = 12;
    strcpy(of.holder.thread_name, "reader");
    of.holder_operation = "read";
    expect_sentence(&of, "descriptor 5 (pipe) was closed while thread 12 (reader) was inside read "
                         "on it");
}

Test(sentences, clobber)
{
    finding of = finding_of(HF_REPORT_CLOBBER, "dup2");
    expect_sentence(&of, "descriptor 5 (pipe) was replaced by dup2, but somebody else had opened "
                         "it");
    of = with_stream(of);
    expect_sentence(&of, "descriptor 5 (pipe) was replaced by dup2, but belongs to stream "
                         "0x55d0c0de (/tmp/log)");
}

Test(sentences, standard_descriptor)
{
    finding of = finding_of(HF_REPORT_STANDARD_DESCRIPTOR, "open");
    of.subject.value = 1;
    of.other = (finding_party){.handle = 9, .value = 1, .type = "descriptor", .label = "/db"};
    expect_sentence(&of, "descriptor 1 (standard output) was closed, and then something else was "
                         "opened there by open: /db");
    of.other.label = "";
    expect_sentence(&of, "descriptor 1 (standard output) was closed, and then something else was "
                         "opened there by open");
}

Test(sentences, leak)
{
    finding of = finding_of(HF_REPORT_LEAK, "exit");
    expect_sentence(&of, "descriptor 5 (pipe) was never closed");
    of.handles = 12;
    expect_sentence(&of, "descriptor 5 (pipe) and 11 more opened there were never "
                         "closed");
}

/* Of a program that uses the library itself, the sentence is the library's. */
Test(sentences, of_the_librarys_own_findings)
{
    finding of = finding_of(HF_REPORT_DOUBLE_CLOSE, "hf_close");
    of.in_tool = false;
    of.subject.type = "fd";
    expect_sentence(&of, "the handle was closed before: fd 5 (pipe)");
}

/* Each kind has words, whatever is missing. */
Test(sentences, every_kind_with_nothing_known)
{
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++) {
        finding of = finding_of((hf_report_kind)kind, "");
        of.subject = (finding_party){.type = "", .label = ""};
        for (unsigned in_tool = 0; in_tool < 2; in_tool++) {
            of.in_tool = in_tool != 0;
            char *text = sentence_of(&of);
            cr_expect_gt(strlen(text), 10, "%u: %s", kind, text);
            cr_expect_gt(strlen(sentence_advice(&of)), 10);
            free(text);
        }
    }
}

Test(sentences, labels_cannot_pass_for_lines)
{
    finding of = finding_of(HF_REPORT_DOUBLE_CLOSE, "close");
    of.subject.label = "a\nSUMMARY: \033[1m";
    expect_sentence(&of, "descriptor 5 (a\\x0aSUMMARY: \\x1b[1m) was closed twice");
}
