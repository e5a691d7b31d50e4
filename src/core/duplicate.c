/* Duplicating: the type makes a second value, inside a reference to the first. */
#include "core/close.h"
#include "core/open.h"
#include "core/reference.h"

/* The new value goes into a slot that was taken before, so that it cannot fail to find a place. */
static hf_status duplicate_value(const hf_ref *source, const hf_type *type, hf_table *to,
                                 hf_handle *out, const hf_refusal *refusal)
{
    hf_handle copy;
    hf_value value = 0;
    hf_refusal quiet = *refusal; /* the caller was never given that handle */
    quiet.quiet = true;
    quiet.closes = true;
    hf_status status = hf_reserve_at(to, type, &copy, refusal);
    if (status != HF_OK)
        return status;
    hf_note_begin(HF_NOTE_OPEN, copy.bits);
    status = type->duplicate(source->value, type->context, &value);
    if (status != HF_OK) {
        hf_note_end();
        (void)hf_close_batch(to, &copy, 1, NULL, &quiet);
        return status;
    }
    status = hf_commit_at(to, copy, value, &quiet);
    hf_note_end();
    if (status == HF_OK) {
        *out = copy;
        return HF_OK;
    }
    /* Somebody shut the table down meanwhile and abandoned the slot. */
    if (type->release != NULL) {
        int32_t error;
        (void)type->release(value, type->context, &error);
    }
    return hf_fail(to, HF_E_CLOSING);
}

hf_status hf_duplicate(hf_table *from, hf_handle handle, hf_table *to, hf_handle *out)
{
    hf_refusal refusal = {.operation = "hf_duplicate", .site = HF_SITE()};
    hf_ref source;
    if (out == NULL || to == NULL || !hf_table_is_usable(to))
        return HF_E_INVALID_ARGUMENT;
    hf_status status = hf_addref_noted(from, handle, &source, &refusal);
    if (status != HF_OK)
        return status;
    const hf_type *type = hf_type_of(from, handle.bits ^ from->head.secret);
    status = type->duplicate != NULL ? duplicate_value(&source, type, to, out, &refusal)
                                     : hf_fail(from, HF_E_NOT_SUPPORTED);
    (void)hf_release_noted(&source, refusal.site);
    return status;
}
