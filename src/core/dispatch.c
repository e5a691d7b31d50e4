/* Dispatching: a callback inside a region of its handle, and the after-return actions.
 *
 * The actions lie on the dispatcher's stack, so that nothing is allocated, and each dispatch has
 * its own: those of a nested one are done when that one returns.  They are done after the region is
 * left, because the usual ones (unload the callback's module, give back what kept the context) end
 * what the callback itself stood on; no code of the callback's runs any more, and a release that
 * leaving caused is over. */
#include "core/dispatch.h"

#include "core/reference.h"
#include "core/region.h"

static void do_action(hf_after *after)
{
    switch (after->kind) {
    case HF_AFTER_CALL:
        after->what.call.action(after->what.call.context);
        break;
    case HF_AFTER_RELEASE:
        (void)hf_release(&after->what.ref);
        break;
    case HF_AFTER_CLOSE:
        (void)hf_close(after->what.close.table, after->what.close.handle, NULL);
        break;
    }
}

void hf_callback_finish(hf_callback *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        do_action(&self->actions[i]);
    self->count = 0;
}

hf_status hf_dispatch(hf_table *table, hf_handle handle, const hf_type *type,
                      hf_callback_function function, void *argument)
{
    hf_refusal refusal = {.operation = "hf_dispatch", .site = HF_SITE(), .type = type};
    hf_callback self;
    hf_region region;
    if (function == NULL)
        return HF_E_INVALID_ARGUMENT;
    hf_status status = hf_enter_at(table, handle, &region, &refusal);
    if (status != HF_OK)
        return status;
    self.count = 0;
    function(region.value, argument, &self);
    hf_leave(&region);
    hf_callback_finish(&self);
    return HF_OK;
}

/* Room for one more action, NULL if there is none. */
static hf_after *add(hf_callback *self)
{
    return self->count < HF_AFTER_ACTIONS ? &self->actions[self->count++] : NULL;
}

hf_status hf_after_return(hf_callback *self, void (*action)(void *context), void *context)
{
    if (self == NULL || action == NULL)
        return HF_E_INVALID_ARGUMENT;
    hf_after *after = add(self);
    if (after == NULL)
        return HF_E_TOO_MANY_REFERENCES;
    after->kind = HF_AFTER_CALL;
    after->what.call.action = action;
    after->what.call.context = context;
    return HF_OK;
}

hf_status hf_after_return_release(hf_callback *self, hf_ref *ref)
{
    if (self == NULL || ref == NULL)
        return HF_E_INVALID_ARGUMENT;
    if (ref->handle_ == 0)
        return hf_release_at(ref, HF_SITE()); /* OVER_RELEASE, and reported */
    hf_after *after = add(self);
    if (after == NULL)
        return HF_E_TOO_MANY_REFERENCES;
    after->kind = HF_AFTER_RELEASE;
    after->what.ref = *ref;
    *ref = (hf_ref)HF_REF_INIT;
    return HF_OK;
}

hf_status hf_after_return_close(hf_callback *self, hf_table *table, hf_handle handle)
{
    if (self == NULL || table == NULL)
        return HF_E_INVALID_ARGUMENT;
    hf_after *after = add(self);
    if (after == NULL)
        return HF_E_TOO_MANY_REFERENCES;
    after->kind = HF_AFTER_CLOSE;
    after->what.close.table = table;
    after->what.close.handle = handle;
    return HF_OK;
}
