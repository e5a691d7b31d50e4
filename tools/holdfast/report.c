/* `holdfast report`: its options, and what it says of the file itself. */
#include "report.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "platform/platform.h"
#include "tool.h"

enum { KEY_FINDINGS = 0x100, KEY_JSON, KEY_PERFETTO, KEY_HTML };

/* What it is printed as. */
typedef enum report_form { FORM_TEXT, FORM_JSON, FORM_PERFETTO, FORM_HTML } report_form;

typedef struct report_options {
    const char *path;
    const char *output; /* NULL: standard output */
    report_form form;
    bool findings; /* asked for by name */
    report_choice choice;
} report_options;

static const struct argp_option known_options[] = {
    {"findings", KEY_FINDINGS, NULL, 0, "the findings (this is what is printed by default)", 0},
    {"descriptor", 'd', "N", 0, "all lives that descriptor N had", 0},
    {"handle", 'H', "HANDLE", 0, "all lives of a handle, or of a value", 0},
    {"process", 'p', "PID", 0, "of this process only; alone: all its lives", 0},
    {"json", KEY_JSON, NULL, 0, "as JSON, an object a line", 0},
    {"perfetto", KEY_PERFETTO, NULL, 0, "the whole trace for ui.perfetto.dev and Chrome", 0},
    {"html", KEY_HTML, NULL, 0, "the whole trace as a page for a browser, with a timeline", 0},
    {"output", 'o', "FILE", 0, "write to FILE instead of standard output", 0},
    {0}};

static const char documentation[] =
    "Prints what a trace has that was written by holdfast run --trace=FILE, or by a program "
    "that uses Holdfast with the option trace=FILE.  The file may still be written to."
    "\v"
    "Examples:\n\n"
    "  holdfast report run.trace\n"
    "  holdfast report run.trace --descriptor=5\n"
    "  holdfast report run.trace --process=4711 --json\n"
    "  holdfast report run.trace --html -o run.html";

static uint64_t number_of(const char *text, struct argp_state *state)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
        argp_error(state, "'%s' is no number", text);
    return number;
}

static bool is_limited(const report_options *of)
{
    const report_choice *choice = &of->choice;
    return of->findings || choice->has_descriptor || choice->has_handle || choice->has_process;
}

static void take_form(report_options *to, report_form form, struct argp_state *state)
{
    if (to->form != FORM_TEXT && to->form != form)
        argp_error(state, "--json, --perfetto and --html exclude each other");
    to->form = form;
}

/* Both show the whole, in which one searches. */
static bool is_whole(const report_options *of)
{
    return of->form == FORM_PERFETTO || of->form == FORM_HTML;
}

/* What all the arguments come to. */
static void judge(const report_options *of, struct argp_state *state)
{
    if (of->path == NULL)
        argp_error(state, "no trace is given");
    if (is_whole(of) && is_limited(of))
        argp_error(state, "--perfetto and --html show the whole trace, not parts of it");
    if (of->findings && (of->choice.has_descriptor || of->choice.has_handle))
        argp_error(state, "--findings are not those of a descriptor or a handle: leave it out");
}

static void take_file(report_options *to, char *argument, struct argp_state *state)
{
    if (to->path != NULL)
        argp_error(state, "one trace is enough: '%s' is too many", argument);
    to->path = argument;
}

static error_t take(int key, char *argument, struct argp_state *state)
{
    report_options *to = state->input;
    switch (key) {
    case KEY_FINDINGS:
        to->findings = true;
        return 0;
    case KEY_JSON:
        take_form(to, FORM_JSON, state);
        return 0;
    case KEY_PERFETTO:
        take_form(to, FORM_PERFETTO, state);
        return 0;
    case KEY_HTML:
        take_form(to, FORM_HTML, state);
        return 0;
    case 'd':
        to->choice.has_descriptor = true;
        to->choice.descriptor = number_of(argument, state);
        return 0;
    case 'H':
        to->choice.has_handle = true;
        to->choice.handle = number_of(argument, state);
        return 0;
    case 'p':
        to->choice.has_process = true;
        to->choice.process = (uint32_t)number_of(argument, state);
        return 0;
    case 'o':
        to->output = argument;
        return 0;
    case ARGP_KEY_ARG:
        take_file(to, argument, state);
        return 0;
    case ARGP_KEY_END:
        judge(to, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- what is said of the file ---------------------------------------------------------------- */

static hf_reader *open_trace(const char *path)
{
    hf_reader *reader = NULL;
    hf_reader_status status = hf_reader_open(path, &reader);
    if (status == HF_READER_CANNOT_OPEN)
        tool_fail("'%s' cannot be opened: %s", path, strerror(errno));
    if (status != HF_READER_OK)
        tool_fail("'%s' %s", path, hf_reader_status_text(status));
    return reader;
}

static void tell_damage(const char *path, const hf_reader_tally *tally)
{
    if (tally->bytes_missing != 0)
        tool_tell("'%s' is cut off: %" PRIu64 " bytes are missing", path, tally->bytes_missing);
    if (tally->damaged != 0)
        tool_tell("'%s' is damaged: %" PRIu64 " records make no sense", path, tally->damaged);
    if (tally->bytes_skipped != 0)
        tool_tell("'%s': %" PRIu64 " bytes hold no records, and were skipped", path,
                  tally->bytes_skipped);
    if (tally->unfinished != 0)
        tool_tell("'%s': %" PRIu64 " records were left unfinished", path, tally->unfinished);
}

static void tell_state(const char *path, hf_reader *reader)
{
    const hf_trace_header *header = hf_reader_header(reader);
    tell_damage(path, hf_reader_tally_now(reader));
    if (header->dropped != 0)
        tool_tell("'%s': %" PRIu64 " records found no room, and were not written", path,
                  header->dropped);
    if (hf_os_process_lives(header->maker))
        tool_tell("'%s' is still written to by process %" PRIu32, path, header->maker);
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool print_history(hf_reader *reader, symbols *names, const report_options *from, FILE *to)
{
    hf_history *history;
    bool done = true;
    if (hf_history_read(reader, &history) != HF_READER_OK)
        return false;
    if (from->form == FORM_HTML)
        done = report_html(history, names, from->path, to);
    else if (from->form == FORM_PERFETTO)
        report_perfetto(history, names, to);
    else
        report_lives(history, names, &from->choice, from->form == FORM_JSON, to);
    hf_history_free(history);
    return done;
}

static bool print_findings(hf_reader *reader, symbols *names, const report_options *from, FILE *to)
{
    return report_findings(reader, names, &from->choice, from->form == FORM_JSON, to);
}

/* Findings can be told one by one; the rest takes the whole history. */
static bool wants_history(const report_options *of)
{
    const report_choice *choice = &of->choice;
    return is_whole(of) || choice->has_descriptor || choice->has_handle ||
           (choice->has_process && !of->findings);
}

static FILE *open_output(const char *path)
{
    FILE *to = path != NULL ? fopen(path, "we") : stdout;
    if (to == NULL)
        tool_fail("'%s' cannot be written: %s", path, strerror(errno));
    return to;
}

static void close_output(FILE *to, const char *path)
{
    bool failed = ferror(to) != 0;
    if (fclose(to) != 0 || failed)
        tool_fail("%s cannot be written: %s", path != NULL ? path : "standard output",
                  strerror(errno));
}

int hf_report_command(int argc, char **argv)
{
    static const struct argp parser = {known_options, take, "FILE", documentation,
                                       NULL,          NULL, NULL};
    report_options options = {.path = NULL};
    argp_err_exit_status = TOOL_FAILED;
    if (argp_parse(&parser, argc, argv, 0, NULL, &options) != 0)
        return TOOL_FAILED;
    hf_reader *reader = open_trace(options.path);
    symbols *names = symbols_create();
    FILE *to = open_output(options.output);
    bool done = names != NULL && (wants_history(&options) ? print_history : print_findings)(
                                     reader, names, &options, to);
    if (!done)
        tool_fail("'%s' does not fit into memory", options.path);
    close_output(to, options.output);
    tell_state(options.path, reader);
    symbols_destroy(names);
    hf_reader_close(reader);
    return 0;
}
