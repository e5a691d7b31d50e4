/* A thread that stands still for ever while it prints a report, wherever: the others' reports are
 * printed all the same, and nothing else waits for it. */
#include "forked.h"
#include "others.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char log_path[] = "/tmp/holdfast-frozen-XXXXXX";

static void make_log(void)
{
    int descriptor = mkstemp(log_path);
    cr_assert(descriptor >= 0);
    close(descriptor);
}

static void remove_log(void)
{
    (void)unlink(log_path);
}

TestSuite(frozen_reports, .init = make_log, .fini = remove_log);

static void prepare_with(const char *more)
{
    char options[256];
    hf_table_options table = HF_TABLE_OPTIONS_INIT;
    table.level = HF_LEVEL_STACKS;
    table.capacity_slots = 4096;
    others_prepare(&table);
    (void)snprintf(options, sizeof options, "log_path=%s:%s", log_path, more);
    DEMAND(truncate(log_path, 0) == 0 && hf_set_options(options) == HF_OK);
}

static void prepare_unsymbolised(void)
{
    prepare_with("symbolize=0");
}

static void prepare_symbolised(void)
{
    prepare_with("symbolize=1");
}

static void close_again(void)
{
    (void)hf_close(all.table, all.closed, NULL);
}

/* Whether a report of this thread is in the log, from its first to its last line. */
static bool has_own_report(void)
{
    static char text[1 << 16];
    char title[64];
    FILE *log = fopen(log_path, "r");
    DEMAND(log != NULL);
    text[fread(text, 1, sizeof text - 1, log)] = '\0';
    fclose(log);
    (void)snprintf(title, sizeof title, "this call, by thread %ld", syscall(SYS_gettid));
    const char *found = strstr(text, title);
    return found != NULL && strstr(found, "SUMMARY: Holdfast: double-close") != NULL;
}

static void report(void)
{
    stepper_stage("a report");
    close_again();
    DEMAND(has_own_report());
}

static int report_in_child(void *unused)
{
    (void)unused;
    stepper_child();
    report();
    others_elsewhere();
    return 0;
}

static void others_report(void)
{
    report();
    others_elsewhere();
}

static void others_report_and_fork(void)
{
    others_report();
    others_thread();
    stepper_stage("fork");
    DEMAND(forked(report_in_child, NULL) == 0);
}

/* At each lock, each unlock and each system call, and in between. */
Test(frozen_reports, printing)
{
    static const stepper_case scene = {.name = "a report",
                                       .prepare = prepare_unsymbolised,
                                       .arrive = others_meet,
                                       .operation = close_again,
                                       .others = others_report_and_fork};
    stepper_run(&scene, STEPPER_INSTRUCTIONS, 20);
}

/* No thread and no fork here: among what the first one may hold are the C library's own locks. */
Test(frozen_reports, naming_addresses)
{
    static const stepper_case scene = {.name = "a report with names",
                                       .prepare = prepare_symbolised,
                                       .arrive = others_meet,
                                       .operation = close_again,
                                       .others = others_report};
    stepper_run(&scene, STEPPER_SYSCALLS, 12);
}
