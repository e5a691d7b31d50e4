/* What a text of options asks for, by a second reading of the grammar: pairs key=value between
 * colons, commas and white space; values may stand in quotes; '-' and '_' are the same; what is
 * unknown or malformed is skipped. */
#ifndef FUZZ_OPTIONS_ORACLE_H
#define FUZZ_OPTIONS_ORACLE_H

#include <holdfast/holdfast.h>

enum { ORACLE_SETTINGS = 8 + 1 + HF_REPORT_KIND_COUNT, ORACLE_PATH = 2048 };

/* The settings that are numbers, in this order, then the policy of each kind. */
typedef enum oracle_setting {
    ORACLE_LEVEL,
    ORACLE_STACK_DEPTH,
    ORACLE_UNWIND,
    ORACLE_SYMBOLIZE,
    ORACLE_FORMAT,
    ORACLE_COLOR,
    ORACLE_PRINT_ALL,
    ORACLE_ALL,
    ORACLE_HELP,
    ORACLE_POLICIES
} oracle_setting;

typedef struct oracle_wishes {
    int values[ORACLE_SETTINGS]; /* -1: not asked for */
    bool skips;                  /* something */
    bool has_log_path;
    bool has_suppressions;
    bool has_trace;
    char log_path[ORACLE_PATH]; /* cut off, if it is too long for any file */
    char suppressions[ORACLE_PATH];
    char trace[ORACLE_PATH];
} oracle_wishes;

void oracle_read(const char *text, oracle_wishes *out);

/* Whether every line of a file of suppressions is one: kind:pattern, a comment, or nothing. */
bool oracle_rules_good(const char *text, size_t length);

/* Whether a rule of the file speaks of a kind and has a pattern that one of the names matches. */
bool oracle_rules_match(const char *text, size_t length, const char *kind, const char *const *names,
                        size_t count);

#endif
