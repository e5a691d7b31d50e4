/* Options, as a program gets them from its environment: any text whatever is either taken or told
 * about, changes exactly the settings that it names, and never does more than that.
 *
 * An input is up to four texts with zeros between: the options; the contents of the file "s", which
 * they may name as suppressions; a label and a name for a report, which must stay a report.
 * Slashes in the options become underscores: files are kept in a directory of their own (so give
 * an engine absolute paths, too). */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "options_oracle.h"
#include "options_report.h"
#include "options_scene.h"
#include "report/arena.h"
#include "report/options.h"
#include "report/output.h"
#include "report/suppressions.h"
#include "report/trace_option.h"

enum { TEXTS = 4, RULES_LIMIT = 1 << 20 };

/* What the options are before each input. */
static const char initial[] =
    "level=1:stack_depth=16:unwind=auto:symbolize=1:format=text:color=auto:"
    "log_path=stderr:suppressions='':print_all=0:all=report:help=0";

static const char trace_path[] = "t";

/* ---- the input ------------------------------------------------------------------------------ */

static char *copy(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* Cuts the input at zeros; the last text has no zeros either. */
static void cut(const uint8_t *data, size_t size, char *texts[TEXTS])
{
    for (int i = 0; i < TEXTS; i++) {
        const uint8_t *zero = size > 0 ? memchr(data, 0, size) : NULL;
        size_t length = zero != NULL ? (size_t)(zero - data) : size;
        texts[i] = copy(data, length);
        data += length;
        size -= length;
        if (size > 0) {
            data++;
            size--;
        }
    }
    for (char *at = texts[0]; *at != '\0'; at++)
        *at = *at == '/' ? '_' : *at;
}

/* ---- files ---------------------------------------------------------------------------------- */

static void expand(const char *text, char *out, size_t size)
{
    char process[24];
    int digits = snprintf(process, sizeof(process), "%ld", (long)getpid());
    size_t length = 0;
    for (; *text != '\0' && length + sizeof(process) < size; text++) {
        if (text[0] == '%' && text[1] == 'p') {
            memcpy(out + length, process, (size_t)digits);
            length += (size_t)digits;
            text++;
        } else {
            out[length++] = *text;
        }
    }
    out[length] = '\0';
}

/* Whether reports can be appended there; the file is made, as the library does. */
static bool is_log_good(const char *value)
{
    char name[ORACLE_PATH + 64];
    if (strcmp(value, "stderr") == 0)
        return true;
    expand(value, name, sizeof(name));
    int file = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return false;
    (void)close(file);
    return true;
}

/* The rules that a file has.  False: it cannot be read. */
static bool read_rules(const char *name, char *text, size_t *length)
{
    long got = name[0] == '\0' ? 0 : scene_read(name, text, RULES_LIMIT + 1);
    *length = got > 0 ? (size_t)got : 0;
    return got >= 0 && got <= RULES_LIMIT;
}

/* ---- what must be so ------------------------------------------------------------------------ */

HF_PRINTF(1, 2) _Noreturn static void complain(const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    scene_end();
    fuzz_fail("%s", text);
}

static uint32_t setting_now(int setting)
{
    static const hf_option_key keys[] = {[ORACLE_LEVEL] = HF_OPTION_LEVEL,
                                         [ORACLE_STACK_DEPTH] = HF_OPTION_STACK_DEPTH,
                                         [ORACLE_UNWIND] = HF_OPTION_UNWIND,
                                         [ORACLE_SYMBOLIZE] = HF_OPTION_SYMBOLIZE,
                                         [ORACLE_FORMAT] = HF_OPTION_FORMAT,
                                         [ORACLE_COLOR] = HF_OPTION_COLOR,
                                         [ORACLE_PRINT_ALL] = HF_OPTION_PRINT_ALL,
                                         [ORACLE_ALL] = HF_OPTION_ALL,
                                         [ORACLE_HELP] = HF_OPTION_HELP};
    if (setting >= ORACLE_POLICIES)
        return (uint32_t)hf_get_policy((hf_report_kind)(setting - ORACLE_POLICIES));
    return hf_option(keys[setting]);
}

static void check_settings(const oracle_wishes *wishes)
{
    oracle_wishes before;
    oracle_read(initial, &before);
    for (int i = 0; i < ORACLE_SETTINGS; i++) {
        int expected = wishes->values[i] >= 0 ? wishes->values[i] : before.values[i];
        if (setting_now(i) != (uint32_t)expected)
            complain("setting %d is %u, not %d", i, setting_now(i), expected);
    }
}

static void check_log(const oracle_wishes *wishes, bool good)
{
    char expected[ORACLE_PATH + 64] = "stderr";
    if (wishes->has_log_path && good && strcmp(wishes->log_path, "stderr") != 0)
        snprintf(expected, sizeof(expected), "%s/%s", scene_path(), wishes->log_path);
    if (strcmp(hf_output_log_path(), expected) != 0)
        complain("log_path is '%.200s', not '%.200s'", hf_output_log_path(), expected);
}

static void check_told(const oracle_wishes *wishes, bool good)
{
    bool helps = wishes->values[ORACLE_HELP] == 1;
    if (good && !helps && scene_told() != 0)
        complain("something is told although nothing is wrong");
    if (helps && scene_told() == 0)
        complain("help=1 tells nothing");
}

static void check_report(const oracle_wishes *wishes, bool logs, char *texts[TEXTS])
{
    char name[ORACLE_PATH + 64];
    hf_report report = report_make(texts[2], texts[3]);
    const char *flaw = report_flaw(&report);
    if (flaw != NULL)
        complain("%s", flaw);
    expand(wishes->log_path, name, sizeof(name));
    size_t before = scene_size(name); /* it may be the file "s", which holds anything */
    hf_output_report(&report);
    if (wishes->has_log_path && logs && strcmp(wishes->log_path, "stderr") != 0 &&
        !report_ends_file(&report, name, before, setting_now(ORACLE_FORMAT) == HF_FORMAT_JSON,
                          setting_now(ORACLE_COLOR) == HF_COLOR_ALWAYS))
        complain("the report is not in its log file as it is elsewhere");
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* A process writes one trace in its life: it is begun before the first input, so that for all of
 * them the same holds. */
static void begin_trace(void)
{
    if (hf_trace_option_path()[0] == '\0' &&
        !hf_trace_option_set((hf_token){trace_path, strlen(trace_path)}))
        complain("no trace can be written");
}

/* What options keep is never given back while a process lives; this one gives it back. */
static void reset(void)
{
    if (hf_set_options(initial) != HF_OK)
        complain("the initial options are refused");
    atomic_store(&hf_option_arena.used, 0);
}

static void play(char *texts[TEXTS])
{
    static char rules[RULES_LIMIT + 1];
    size_t length = 0;
    oracle_wishes wishes;
    oracle_read(texts[0], &wishes);
    bool logs = !wishes.has_log_path || is_log_good(wishes.log_path);
    bool reads = !wishes.has_suppressions || read_rules(wishes.suppressions, rules, &length);
    bool traces = wishes.trace[0] == '\0' || strcmp(wishes.trace, trace_path) == 0;
    bool good = !wishes.skips && logs && reads && traces && oracle_rules_good(rules, length);
    errno = ENOTTY;
    hf_status got = hf_set_options(texts[0]);
    if (errno != ENOTTY)
        complain("errno is changed");
    if (got != (good ? HF_OK : HF_E_INVALID_ARGUMENT))
        complain("hf_set_options answers %s", hf_status_name(got));
    check_settings(&wishes);
    check_log(&wishes, logs);
    if (strcmp(hf_suppressions_path(),
               wishes.has_suppressions && reads ? wishes.suppressions : "") != 0)
        complain("suppressions is '%.200s'", hf_suppressions_path());
    if (strcmp(hf_trace_option_path(), trace_path) != 0)
        complain("trace is '%.200s'", hf_trace_option_path());
    check_told(&wishes, good);
    if (length > 0 && reads && !report_suppresses_as_told(rules, length))
        complain("a finding is suppressed by no rule, or not by one that matches");
    check_report(&wishes, logs, texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *texts[TEXTS];
    cut(data, size, texts);
    scene_begin();
    begin_trace();
    reset();
    scene_write("s", texts[1], strlen(texts[1]));
    play(texts);
    reset();
    scene_end();
    for (int i = 0; i < TEXTS; i++)
        free(texts[i]);
    return 0;
}
