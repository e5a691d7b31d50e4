/* Closing with a completion.
 *
 * Why the completion of the closer who won is called, once, and no other.
 * (1) Two that race write nothing before one of them has won: what makes a closer the closer is the
 *     compare-and-swap that sets CLOSED, with THEN in the same word.  The loser is refused.
 * (2) That compare-and-swap does not set SEALED, not even for a handle that nobody holds, and a
 *     value is claimed only after SEALED.  So between the two nobody but the winner looks at the
 *     record, and whoever claims the value has acquired the state that the winner released when he
 *     sealed it: he finds THEN, and the completion whole.
 * (3) Exactly one claims (release.c), and he reads the completion before the slot is free: the next
 *     life, whose completion would go to the same place, begins after that.
 * The record is committed before the first step, so that a failure changes nothing. */
#include "core/close.h"
#include "core/exit.h"
#include "core/signal.h"

static bool is_closable(hf_status status)
{
    return status == HF_OK || status == HF_E_NOT_COMMITTED;
}

/* Sees to it that the slot has a record.  Whether the handle can be closed is asked first, because
 * that is the first thing to be answered. */
static hf_status make_room(hf_table *table, hf_handle handle, const hf_refusal *refusal)
{
    hf_subject subject;
    if (!is_closable(hf_classify(table, handle, NULL))) {
        hf_status status = hf_refuse(table, handle, refusal);
        if (status != HF_OK)
            return status;
        /* It was being committed when we looked. */
    }
    if (!hf_subject_find(table, handle, &subject))
        return hf_refuse(table, handle, refusal);
    return hf_cold_commit(table, hf_raw_index(subject.raw)) ? HF_OK
                                                            : hf_fail(table, HF_E_NO_MEMORY);
}

/* Of a handle that was reserved, and is abandoned. */
static void call_at_once(const hf_closer *closer, const hf_close_result *result)
{
    int error = hf_os_error();
    closer->then(closer->context, result);
    hf_os_set_error(error);
}

hf_status hf_close_then(hf_table *table, hf_handle handle, hf_completion then, void *context)
{
    hf_refusal refusal = {.operation = "hf_close_then", .site = HF_SITE(), .closes = true};
    hf_close_result result;
    hf_closer closer = {.then = then, .context = context};
    if (then == NULL)
        return HF_E_INVALID_ARGUMENT;
    hf_status status = hf_exit_refuse(table);
    if (status == HF_OK)
        status = make_room(table, handle, &refusal);
    if (status != HF_OK)
        return status;
    hf_note_begin(HF_NOTE_CLOSE, handle.bits);
    status = hf_close_begin(table, handle, HF_CLOSE_THEN, &closer, &result, &refusal);
    if (closer.left != HF_CLOSING_NOTHING) {
        hf_close_unblock(&closer);
        hf_close_end(&closer, NULL, NULL, refusal.site);
    }
    hf_note_end();
    if (closer.left != HF_CLOSING_NOTHING)
        hf_drain(table, refusal.site);
    else if (status == HF_OK)
        call_at_once(&closer, &result);
    return status;
}
