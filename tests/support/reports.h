/* A report hook that collects: kinds are counted, and of the first findings what tests ask for is
 * copied.  It takes no lock, so that a finding inside a signal handler or another finding's hook is
 * safe, and any thread may make findings. */
#ifndef TESTS_REPORTS_H
#define TESTS_REPORTS_H

#include <holdfast/report.h>

enum { REPORT_HOLDERS = 12 };

typedef struct holder_copy {
    hf_hold_kind hold;
    hf_handle held;
    hf_handle awaited;
    const void *held_lock;
    const void *awaited_lock;
    uint64_t thread;
    uint64_t waits_thread;
    uint32_t entered_frames;
    uint32_t waits_frames;
} holder_copy;

typedef struct report_copy {
    hf_report_kind kind;
    hf_handle subject;
    hf_handle other;
    uint32_t group_count;
    uint32_t holder_count;
    uint32_t references;
    int32_t error;
    uint32_t opened_frames;
    uint32_t closed_frames;
    uint32_t now_frames;
    uint64_t now_thread;
    char kind_name[24];
    char operation[24];
    char table_name[48];
    char type_name[24];
    char label[24];
    holder_copy holders[REPORT_HOLDERS]; /* the first of them */
} report_copy;

/* Sets the hook and asks for every finding, also repeated ones. */
void reports_start(void);

/* Forgets what was collected. */
void reports_clear(void);

unsigned reports_count(hf_report_kind kind);
unsigned reports_total(void);

/* The n-th finding of a kind since the start (0 is the first); NULL if there is none. */
const report_copy *reports_nth(hf_report_kind kind, unsigned n);

/* The sum of group_count over the findings of a kind. */
unsigned reports_group_sum(hf_report_kind kind);

/* Something to be done inside the hook, after the finding was collected. */
void reports_on(void (*action)(const hf_report *report, void *argument), void *argument);

#endif
