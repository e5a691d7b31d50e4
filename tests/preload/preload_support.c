/* See preload_support.h.  The double of runs.c lets the tests say what a finding is part of. */
#include "preload_support.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "uses.h"

run_verdict verdict_now = RUN_TELL;

void run_series_go_on(run_operation operation, int descriptor, const void *site, bool unknown)
{
    (void)operation;
    (void)descriptor;
    (void)site;
    (void)unknown;
}

run_verdict run_series_verdict(void)
{
    return verdict_now;
}

void run_series_end(void)
{
}

run_process run_this_process;
__thread run_thread run_self = {.last_closed = -1, .calls = &run_no_calls};
bool run_alone_now;
uintptr_t run_code_low;
uintptr_t run_code_high;

static void start(uint32_t quarantine)
{
    hf_table_options options = fixture_options(HF_REUSE_FIFO, HF_PROTECT_COUNTED);
    options.level = HF_LEVEL_STACKS;
    options.skip_checks = true;
    run_this_process.table = fixture_create(&options);
    run_this_process.settings[RUN_QUARANTINE] = quarantine;
    cr_assert(run_numbers_start());
    run_quarantine_start();
    reports_start();
    run_this_process.on = 1;
}

void preload_up(void)
{
    start(KEPT);
}

void preload_up_alone(void)
{
    start(KEPT);
    run_alone_now = true;
}

void preload_up_without_quarantine(void)
{
    start(0);
}

int opened_unseen(void)
{
    int descriptor = open("/dev/null", O_RDWR);
    cr_assert(descriptor >= 0);
    return descriptor;
}

int opened_seen(void)
{
    int descriptor = opened_unseen();
    run_opened_path(descriptor, "open", "/dev/null");
    return descriptor;
}

bool is_there(int descriptor)
{
    return fcntl(descriptor, F_GETFD) >= 0;
}

bool is_usable(int descriptor)
{
    char byte;
    return read(descriptor, &byte, 0) == 0;
}

bool is_tombstone(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL);
    return flags >= 0 && (flags & O_PATH) != 0;
}

int place(int from, int to)
{
    run_placing(to);
    int result = dup2(from, to);
    if (result < 0)
        run_not_placed(to);
    else
        run_opened(to, RUN_PLACED, "dup2", "%s", run_what_of(from));
    return result;
}

void must_close_number(int descriptor)
{
    errno = ENOTTY;
    cr_assert_eq(run_close(descriptor, "close"), 0, "close(%d)", descriptor);
    cr_assert_eq(errno, ENOTTY);
}

void must_be_refused(int descriptor)
{
    errno = 0;
    cr_assert_eq(run_close(descriptor, "close"), -1, "close(%d)", descriptor);
    cr_assert_eq(errno, EBADF);
}

void drive_out(void)
{
    for (int i = 0; i < 3 * KEPT; i++)
        must_close_number(opened_seen());
}
