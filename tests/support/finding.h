/* Findings made directly, without a table, and what they make the library write.
 *
 * Writing is observed in a forked child whose standard error is a file: it begins with untouched
 * options, and its death is an answer. */
#ifndef TESTS_FINDING_H
#define TESTS_FINDING_H

#include "core/event.h"

/* Plays the part of an exported function: its caller is the one who is blamed. */
void finding_raise(const hf_event *event);
hf_trace finding_trace(void);

/* A finding with every party, recorded here. */
hf_event finding_full(hf_report_kind kind);

/* A finding with a subject that has no history. */
hf_event finding_bare(hf_report_kind kind);

/* Raises the finding with a stack of its own for each number below 128. */
void finding_raise_at(const hf_event *event, unsigned number);

/* A report hook that only counts its calls. */
extern unsigned finding_hook_calls;
bool finding_count_calls(const hf_report *report, void *context);

/* Whether files and lines can be told at all: with debug information, and libdw or a sanitizer. */
bool finding_has_lines(void);

typedef struct outcome {
    int status; /* as by waitpid */
    size_t length;
    char text[1 << 20]; /* what was written to standard error, terminated */
} outcome;

/* Runs the function in a child with HOLDFAST_OPTIONS set to `options` (NULL: not set), and answers
 * what became of it, until the next call. */
const outcome *outcome_of(const char *options, void (*function)(void));

/* The same in the test's own process, which must not have used options before: for functions that
 * start threads, which ThreadSanitizer does not allow in a child. */
const outcome *outcome_here(const char *options, void (*function)(void));

/* The child ended well. */
bool outcome_is_good(const outcome *result);

/* How often a text occurs. */
unsigned occurrences(const char *text, const char *part);

/* Writes a file for the running test and answers its path; `content` NULL: only the path of a file
 * that does not exist.  Removed by temporary_remove. */
const char *temporary_file(const char *content);
void temporary_remove(void);

/* Reads a whole file, "" if it cannot be read. */
const char *file_content(const char *path);

#endif
