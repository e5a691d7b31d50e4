/* The options of `holdfast run`: one list for the command line, for -o key=value:..., for the
 * environment's HOLDFAST_RUN_OPTIONS and for --help. */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../preload/self.h"

#define OPTIONS_VARIABLE "HOLDFAST_RUN_OPTIONS"

/* What values there are, as hf_grammar_value reads them, or one of these words for texts. */
#define OPTION_IS_FILE              "FILE"
#define OPTION_IS_KIND_AND_FUNCTION "KIND:FUNCTION"

/* For the settings that the traced processes read: see preload/self.h. */
#define OPTION_VALUES_QUARANTINE    "0..65536"
#define OPTION_VALUES_FOLLOW        "0|1"
#define OPTION_VALUES_LEAKS         "0|1"
#define OPTION_VALUES_HALT_ON_ERROR "0|1"
#define OPTION_VALUES_STACK_DEPTH   "1..64"
#define OPTION_VALUES_PROBES        "0|1"

/* X(NAME, "key", "values", default, "help"): the tool's own. */
#define TOOL_OPTIONS(X)                                                                           \
    X(EXITCODE, "exitcode", "0..255", 0,                                                          \
      "exit with this status if there were findings and the program itself ended with 0")         \
    X(LOG_PATH, "log_path", OPTION_IS_FILE, 0,                                                    \
      "append findings to this file (standard error); %p stands for holdfast's process id")       \
    X(FORMAT, "format", "text|json", 0, "text, or a JSON object a line")                          \
    X(COLOR, "color", "auto|always|never", 0,                                                     \
      "whether to use colours; auto: on a terminal, unless NO_COLOR is set")                      \
    X(SUPPRESSIONS, "suppressions", OPTION_IS_FILE, 0,                                            \
      "a file of lines kind:glob; findings with such a function, file or module in a stack are "  \
      "only counted")                                                                             \
    X(EXPECT, "expect", OPTION_IS_KIND_AND_FUNCTION, 0,                                           \
      "for tests, repeatable: exit with 1 unless exactly such findings are made")                 \
    X(JUNIT, "junit", OPTION_IS_FILE, 0, "write the findings into this file as JUnit's XML")      \
    X(TRACE, "trace", OPTION_IS_FILE, 0,                                                          \
      "log every open and close into this file, for `holdfast report`; %p stands for holdfast's " \
      "process id")                                                                               \
    X(TRACE_SIZE, "trace_size", "1..65536", 1024, "MiB that the trace may grow to")               \
    X(QUIET, "quiet", "0|1", 0, "print nothing on standard error")

typedef enum option_key {
#define OPTION_OF_SETTING_(NAME, key, initial, help)      OPTION_##NAME,
#define OPTION_OF_TOOL_(NAME, key, values, initial, help) OPTION_##NAME,
    RUN_SETTINGS(OPTION_OF_SETTING_) TOOL_OPTIONS(OPTION_OF_TOOL_)
#undef OPTION_OF_SETTING_
#undef OPTION_OF_TOOL_
        OPTION_COUNT
} option_key;

enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum { FORMAT_TEXT, FORMAT_JSON };
enum { OPTIONS_EXPECT_MAX = 64 };

typedef struct options {
    uint32_t numbers[OPTION_COUNT];
    const char *texts[OPTION_COUNT]; /* NULL: not given */
    const char *expect[OPTIONS_EXPECT_MAX];
    size_t expect_count;
    char **program; /* with its arguments, up to a NULL */
} options;

/* Reads the environment and the command line, of which argv[0] is "holdfast run".  What is wrong is
 * told on standard error, and the process exits with 125; for --help and the like with 0. */
void options_read(options *out, int argc, char **argv);

/* "quarantine=256:follow=1:...": for the traced processes. */
void options_settings(const options *from, char *text, size_t size);

#endif
