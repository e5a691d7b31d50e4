/* The texts.  Colour is for terminals only, and for the one line that matters. */
#include "summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "number.h"

/* A file's name may contain anything; a terminal is to see nothing of it but text. */
static void print_path(const char *path)
{
    for (; *path != '\0'; path++)
        putchar((unsigned char)*path < ' ' || *path == '\177' ? '?' : *path);
}

/* ---- introduction --------------------------------------------------------------------------- */

void summary_introduce(const char *directory, const pass_plan *plan)
{
    printf("%u thread%s read%s and checksum%s the files below ", plan->readers,
           plan->readers == 1 ? "" : "s", plan->readers == 1 ? "s" : "",
           plan->readers == 1 ? "s" : "");
    print_path(directory);
    printf(", while another thread closes\n"
           "them at random, closes some twice, and reads through copies of what it has closed.\n"
           "This is done twice, with the same schedule (seed %" PRIu64
           "): first through Holdfast's "
           "handles, then\n"
           "on raw descriptors.\n\n",
           plan->seed);
    fflush(stdout);
}

void summary_survey(const survey *files)
{
    number_text count;
    number_text megabytes;
    printf("%s files, %s MB", number_write(&count, files->count),
           number_write(&megabytes, (files->bytes + 500000) / 1000000));
    if (files->unreadable > 0)
        printf("; %s could not be read", number_write(&count, files->unreadable));
    if (files->stopped_at != NULL)
        printf("; stopped at %s", files->stopped_at);
    puts("");
    fflush(stdout);
}

/* ---- table ---------------------------------------------------------------------------------- */

typedef struct row {
    const char *title;
    tally_item item;
    bool guarded_only; /* raw descriptors know nothing of it */
} row;

static const row rows[] = {
    {"bytes read", TALLY_BYTES, false},
    {"reads", TALLY_READS, false},
    {"regions entered", TALLY_REGIONS, true},
    {"closes", TALLY_CLOSES, false},
    {"closes deferred to the last reader", TALLY_CLOSES_DEFERRED, true},
    {"stale uses refused", TALLY_USES_REFUSED, true},
    {"double closes", TALLY_DOUBLE_CLOSES, false},
    {"double closes reported", TALLY_DOUBLE_CLOSES_REPORTED, true},
    {"double closes that closed another file", TALLY_DOUBLE_CLOSES_WRONG, false},
    {"reads that failed", TALLY_READS_FAILED, false},
};

static void print_row(const char *title, uint64_t guarded, uint64_t raw, bool guarded_only)
{
    number_text left;
    number_text right;
    printf("  %-40s %16s %16s\n", title, number_write(&left, guarded),
           guarded_only ? "-" : number_write(&right, raw));
}

/* The line for which all this is done. */
static void print_verdict(uint64_t guarded, uint64_t raw)
{
    bool colour = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL;
    if (colour)
        fputs(guarded == 0 ? "\033[1m" : "\033[1m\033[31m", stdout);
    print_row("reads that hit the wrong file", guarded, raw, false);
    if (colour)
        fputs("\033[0m", stdout);
}

static void print_example(const pass_result *result)
{
    if (result->asked_for == NULL)
        return;
    fputs("\nFor example, a read of ", stdout);
    print_path(result->asked_for->path);
    fputs("\nwas given the content of ", stdout);
    print_path(result->got->path);
    puts(".");
}

static void print_left_out(const char *what, tally_item item, const pass_result *guarded,
                           const pass_result *raw)
{
    number_text count;
    uint64_t sum = guarded->counts[item] + raw->counts[item];
    if (sum > 0)
        printf("%s %s\n", number_write(&count, sum), what);
}

void summary_compare(const pass_result *guarded, const pass_result *raw)
{
    printf("\n  %-40s %16s %16s\n", "", "guarded", "raw");
    print_row("files", guarded->files_read, raw->files_read, false);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        print_row(rows[i].title, guarded->counts[rows[i].item], raw->counts[rows[i].item],
                  rows[i].guarded_only);
    print_verdict(guarded->counts[TALLY_READS_WRONG], raw->counts[TALLY_READS_WRONG]);
    print_example(raw);
    print_left_out("reads are left out: their files were changed meanwhile.", TALLY_READS_CHANGED,
                   guarded, raw);
    print_left_out("times a file could not be opened again.", TALLY_OPENS_FAILED, guarded, raw);
}

/* ---- report --------------------------------------------------------------------------------- */

void summary_report(const char *report, uint64_t findings)
{
    number_text count;
    if (report[0] != '\0')
        printf("\nHoldfast made %s findings. It reports each kind and place once; "
               "this is one report in full:\n\n%s\n",
               number_write(&count, findings), report);
    puts("Read on in README.md: how to guard the handles of a program of your own.");
}
