/* The end of a table: close everything, report what its users forgot, wait for holders. */
#include "core/close.h"
#include "core/exit.h"
#include "core/leaks.h"
#include "core/signal.h"
#include "core/wait.h"
#include "core/waiting.h"

enum { BATCH = 1024 };

/* ---- closing and waiting -------------------------------------------------------------------- */

static void close_all(hf_table *table, const hf_refusal *refusal)
{
    hf_handle handles[BATCH];
    for (uint32_t index = 1; index < hf_slots_end(table);) {
        size_t count = 0;
        for (; index < hf_slots_end(table) && count < BATCH; index++) {
            uint64_t state;
            uint64_t raw = hf_raw_at(table, index, &state);
            if (raw != 0 && (state & HF_CLOSED) == 0)
                handles[count++] = hf_handle_of(table, raw);
        }
        (void)hf_close_batch(table, handles, count, NULL, refusal);
    }
}

/* Waits for every handle in turn; OK when all are released. */
static hf_status wait_for_all(hf_table *table, int64_t deadline, const hf_refusal *refusal)
{
    hf_status answer = HF_OK;
    for (uint32_t index = 1; index < hf_slots_end(table); index++) {
        uint64_t state;
        uint64_t raw = hf_raw_at(table, index, &state);
        if (raw == 0)
            continue;
        hf_subject subject = hf_subject_of(table, raw);
        if ((state & HF_CLOSED) == 0) /* committed since we closed all */
            (void)hf_close_batch(table, &subject.handle, 1, NULL, refusal);
        hf_status status =
            hf_record_holds(subject.handle.bits)
                ? HF_E_POSSIBLE_DEADLOCK
                : hf_wait_closed(&subject, deadline, refusal->operation, refusal->site);
        if (status == HF_OK)
            continue;
        if (hf_exiting())
            return HF_E_EXITING;
        hf_report_holders(&subject, HF_REPORT_HELD_AT_SHUTDOWN, refusal->operation, refusal->site);
        if (answer != HF_E_POSSIBLE_DEADLOCK)
            answer = status;
    }
    return answer;
}

static hf_status end_all(hf_table *table, hf_timeout timeout, const hf_refusal *refusal)
{
    int64_t deadline = hf_deadline(timeout);
    __atomic_store_n(&table->phase, HF_TABLE_CLOSING, __ATOMIC_RELEASE);
    hf_drain(table, refusal->site);
    hf_report_leaks(table, NULL, refusal->operation, refusal->site);
    close_all(table, refusal);
    return wait_for_all(table, deadline, refusal);
}

hf_status hf_table_shutdown(hf_table *table, hf_timeout timeout)
{
    hf_refusal refusal = {
        .operation = "hf_table_shutdown", .site = HF_SITE(), .closes = true, .quiet = true};
    if (table == NULL || !hf_table_is_usable(table) || timeout < 0)
        return HF_E_INVALID_ARGUMENT;
    if (hf_exiting())
        return hf_fail(table, HF_E_EXITING);
    hf_status status = end_all(table, timeout, &refusal);
    return status == HF_OK ? status : hf_fail(table, status);
}

void hf_table_destroy(hf_table *table)
{
    hf_refusal refusal = {
        .operation = "hf_table_destroy", .site = HF_SITE(), .closes = true, .quiet = true};
    if (table == NULL || !hf_table_is_usable(table) || hf_exiting())
        return;
    hf_table_retire(table, end_all(table, 0, &refusal) != HF_OK);
}
