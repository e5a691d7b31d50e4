/* Open files as Holdfast handles: each read happens inside a region. */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <holdfast/holdfast.h>
#include <holdfast/posix.h>

#include "access.h"

static hf_table *table;

/* ---- reports -------------------------------------------------------------------------------- */

/* The report that is shown: a double close, which has the simplest story, or else the first. */
static struct shown {
    pthread_mutex_t lock;
    bool taken;
    hf_report_kind kind;
    char text[16 * 1024];
} shown = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool keep_report(const hf_report *report, void *context)
{
    (void)context;
    pthread_mutex_lock(&shown.lock);
    if (!shown.taken ||
        (shown.kind != HF_REPORT_DOUBLE_CLOSE && report->kind == HF_REPORT_DOUBLE_CLOSE)) {
        shown.taken = true;
        shown.kind = report->kind;
        (void)hf_report_text(report, shown.text, sizeof shown.text);
    }
    pthread_mutex_unlock(&shown.lock);
    return true;
}

const char *guarded_report(void)
{
    return shown.text;
}

/* ---- the table ------------------------------------------------------------------------------ */

bool guarded_begin(uint64_t seed)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.name = "demo";
    options.level = HF_LEVEL_STACKS;
    options.seed = seed != 0 ? seed : 1;
    hf_status status = hf_table_create(&options, &table);
    if (status != HF_OK) {
        fprintf(stderr, "demo: no table: %s\n", hf_status_text(status));
        return false;
    }
    hf_set_report_hook(keep_report, NULL);
    return true;
}

static uint64_t count_findings(void)
{
    hf_table_stats stats = {.size = sizeof stats};
    uint64_t sum = 0;
    (void)hf_table_get_stats(table, &stats);
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++)
        sum += stats.reports[kind];
    return sum;
}

uint64_t guarded_end(void)
{
    hf_status status = hf_table_shutdown(table, 5 * HF_SECONDS);
    uint64_t findings = count_findings();
    hf_table_destroy(table);
    hf_set_report_hook(NULL, NULL);
    if (status == HF_OK)
        return findings;
    fprintf(stderr, "demo: the table did not shut down: %s\n", hf_status_text(status));
    return UINT64_MAX;
}

/* ---- files ---------------------------------------------------------------------------------- */

static bool guarded_open(const char *path, access_name *out)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_handle file;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    options.label = path;
    if (hf_open(table, &hf_type_fd, hf_fd_value(fd), &options, &file) != HF_OK) {
        close(fd);
        return false;
    }
    *out = file.bits;
    return true;
}

static void guarded_close(access_name name, bool again, tally *counts)
{
    hf_close_result result;
    hf_status status = hf_close(table, (hf_handle){name}, &result);
    tally_add(counts, again ? TALLY_DOUBLE_CLOSES : TALLY_CLOSES, 1);
    if (status == HF_OK && again)
        tally_add(counts, TALLY_DOUBLE_CLOSES_WRONG, 1);
    else if (status == HF_OK && result.outcome == HF_OUTCOME_DEFERRED)
        tally_add(counts, TALLY_CLOSES_DEFERRED, 1);
    else if (status == HF_E_STALE_HANDLE || status == HF_E_CLOSING)
        tally_add(counts, TALLY_DOUBLE_CLOSES_REPORTED, 1);
}

static ssize_t guarded_read(access_name name, void *buffer, size_t size, off_t offset,
                            tally *counts)
{
    hf_region region;
    if (hf_enter(table, (hf_handle){name}, &hf_type_fd, &region) != HF_OK) {
        tally_add(counts, TALLY_USES_REFUSED, 1);
        return -1;
    }
    ssize_t got = pread(hf_value_fd(region.value), buffer, size, offset);
    hf_leave(&region);
    tally_add(counts, TALLY_REGIONS, 1);
    if (got < 0)
        tally_add(counts, TALLY_READS_FAILED, 1);
    return got;
}

const access_way access_guarded = {
    .title = "guarded", .open = guarded_open, .close = guarded_close, .read = guarded_read};
