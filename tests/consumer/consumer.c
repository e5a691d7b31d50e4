/* A user's program: one pipe, read through a guarded descriptor, closed twice. */
#include <holdfast/holdfast.h>
#include <holdfast/posix.h>

#include <stdio.h>
#include <unistd.h>

static int failed(const char *what, hf_status status)
{
    fprintf(stderr, "consumer: %s: %s\n", what, hf_status_text(status));
    return 1;
}

static char read_byte(hf_table *table, hf_handle handle)
{
    char byte = 0;
    hf_region region;
    if (hf_enter(table, handle, &hf_type_fd, &region) != HF_OK)
        return 0;
    if (read(hf_value_fd(region.value), &byte, 1) != 1)
        byte = 0;
    hf_leave(&region);
    return byte;
}

static int use(hf_table *table, int fd)
{
    hf_handle handle;
    hf_close_result result;
    hf_status status = hf_open(table, &hf_type_fd, hf_fd_value(fd), NULL, &handle);
    if (status != HF_OK)
        return failed("open", status);
    if (read_byte(table, handle) != 'x' || !hf_is_live(table, handle))
        return failed("read", HF_OK);
    status = hf_close(table, handle, &result);
    if (status != HF_OK || result.outcome != HF_OUTCOME_RELEASED)
        return failed("close", status);
    status = hf_close(table, handle, NULL);
    if (status != HF_E_STALE_HANDLE || read_byte(table, handle) != 0)
        return failed("second close", status);
    return 0;
}

int main(void)
{
    int ends[2];
    int answer;
    hf_table *table;
    hf_status status = hf_table_create(NULL, &table);
    if (status != HF_OK)
        return failed("create", status);
    hf_set_policy(HF_REPORT_DOUBLE_CLOSE, HF_POLICY_COUNT);
    hf_set_policy(HF_REPORT_STALE_USE, HF_POLICY_COUNT);
    if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
        return failed("pipe", HF_E_SYSTEM);
    answer = use(table, ends[0]);
    hf_table_destroy(table);
    close(ends[1]);
    return answer;
}
