/* Findings made directly, and what they make the library write. */
#include "finding.h"
#include "platform/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT_FRAME __attribute__((noinline))

/* Keeps functions that do the same from being merged, and their calls from being tail calls. */
#define MARK(name) __asm__ volatile("# " name ::: "memory")

/* With a build that measures coverage: a child that leaves by _exit would not write it down. */
__attribute__((weak)) void __gcov_dump(void);

unsigned finding_hook_calls;

bool finding_count_calls(const hf_report *report, void *context)
{
    (void)report;
    (void)context;
    finding_hook_calls++;
    return true;
}

KEPT_FRAME void finding_raise(const hf_event *event)
{
    hf_event_raise(event, HF_SITE());
}

KEPT_FRAME hf_trace finding_trace(void)
{
    return hf_event_trace(HF_SITE());
}

KEPT_FRAME static hf_trace opened_here(void)
{
    hf_trace trace = finding_trace();
    MARK("opened");
    return trace;
}

KEPT_FRAME static hf_trace closed_here(void)
{
    hf_trace trace = finding_trace();
    MARK("closed");
    return trace;
}

hf_event finding_bare(hf_report_kind kind)
{
    return (hf_event){
        .kind = kind,
        .operation = "hf_close",
        .table_name = "files",
        .subject = {.handle = {0x1234567}, .value = 5, .type_name = "fd", .label = "config"},
        .group_count = 1};
}

hf_event finding_full(hf_report_kind kind)
{
    static _Thread_local hf_event_holder holders[2];
    hf_event event = finding_bare(kind);
    holders[0] = (hf_event_holder){.entered = opened_here(), .hold = HF_HOLD_COUNTED};
    holders[1] = (hf_event_holder){.entered = {.thread = hf_event_thread()}};
    event.subject.opened = opened_here();
    event.subject.closed = closed_here();
    event.other = (hf_event_party){
        .handle = {0x7654321}, .value = 5, .type_name = "socket", .opened = opened_here()};
    event.other_role = "its place now belongs to";
    event.holders = holders;
    event.holder_count = 2;
    event.references = 3;
    event.error = EBADF;
    return event;
}

/* Each bit of the number goes by another function, and so leaves another return address. */
static void raise_below(const hf_event *event, unsigned number, unsigned depth);

KEPT_FRAME static void go_left(const hf_event *event, unsigned number, unsigned depth)
{
    raise_below(event, number, depth);
    MARK("left");
}

KEPT_FRAME static void go_right(const hf_event *event, unsigned number, unsigned depth)
{
    raise_below(event, number, depth);
    MARK("right");
}

KEPT_FRAME static void raise_below(const hf_event *event, unsigned number, unsigned depth)
{
    if (depth == 0)
        finding_raise(event);
    else
        (number % 2 == 0 ? go_left : go_right)(event, number / 2, depth - 1);
    MARK("below");
}

void finding_raise_at(const hf_event *event, unsigned number)
{
    raise_below(event, number, 7);
}

bool finding_has_lines(void)
{
    static hf_os_symbol symbol;
    hf_os_symbolize((uintptr_t)__builtin_return_address(0), &symbol);
    hf_os_symbolize_end();
    return symbol.file[0] != '\0';
}

/* ---- children ------------------------------------------------------------------------------- */

static void run(int output, const char *options, void (*function)(void))
{
    if (options != NULL)
        setenv("HOLDFAST_OPTIONS", options, 1);
    else
        unsetenv("HOLDFAST_OPTIONS");
    if (dup2(output, STDERR_FILENO) != STDERR_FILENO)
        abort();
    function();
}

static void be_child(int output, const char *options, void (*function)(void))
{
    run(output, options, function);
    if (__gcov_dump != NULL)
        __gcov_dump();
    _exit(0);
}

static outcome latest;

static FILE *begin_output(void)
{
    FILE *output = tmpfile();
    if (output == NULL)
        abort();
    return output;
}

static const outcome *read_outcome(FILE *output)
{
    rewind(output);
    latest.length = fread(latest.text, 1, sizeof latest.text - 1, output);
    latest.text[latest.length] = '\0';
    fclose(output);
    return &latest;
}

const outcome *outcome_of(const char *options, void (*function)(void))
{
    FILE *output = begin_output();
    pid_t child = fork();
    if (child == 0)
        be_child(fileno(output), options, function);
    while (waitpid(child, &latest.status, 0) < 0 && errno == EINTR)
        continue;
    return read_outcome(output);
}

const outcome *outcome_here(const char *options, void (*function)(void))
{
    FILE *output = begin_output();
    int standard_error = dup(STDERR_FILENO);
    run(fileno(output), options, function);
    if (dup2(standard_error, STDERR_FILENO) != STDERR_FILENO)
        abort();
    close(standard_error);
    latest.status = 0;
    return read_outcome(output);
}

bool outcome_is_good(const outcome *result)
{
    return WIFEXITED(result->status) && WEXITSTATUS(result->status) == 0;
}

unsigned occurrences(const char *text, const char *part)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

/* ---- files ---------------------------------------------------------------------------------- */

static char temporary_path[64];

const char *temporary_file(const char *content)
{
    snprintf(temporary_path, sizeof temporary_path, "/tmp/holdfast-test-XXXXXX");
    int file = mkstemp(temporary_path);
    if (file < 0)
        abort();
    if (content != NULL && write(file, content, strlen(content)) != (ssize_t)strlen(content))
        abort();
    close(file);
    if (content == NULL)
        unlink(temporary_path);
    return temporary_path;
}

void temporary_remove(void)
{
    unlink(temporary_path);
}

const char *file_content(const char *path)
{
    static char content[1 << 16];
    size_t length = 0;
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        length = fread(content, 1, sizeof content - 1, file);
        fclose(file);
    }
    content[length] = '\0';
    return content;
}
