/* Regions, references and callbacks; and the list of all operations. */
#include "acting.h"

stage the_stage;

/* ---- holding -------------------------------------------------------------------------------- */

void operation_enter(const scene_operation *what)
{
    actor *who = self();
    hf_handle handle = handle_of(what);
    unsigned number = what->argument % ACTOR_REGIONS;
    hf_region *region = &who->regions[number];
    if (hf_handle_is_null(handle) || is_open(who, number))
        return;
    bool closed = ledger_find(handle)->closed;
    hf_status status =
        hf_enter(the_stage.table, handle, number != 0 ? type_of_scene() : NULL, region);
    expect_admission(status, closed);
    if (status != HF_OK)
        return;
    ledger_hold(region->value);
    who->entered[number] = handle;
    ledger_use(region->value);
}

static void leave_number(actor *who, unsigned number)
{
    hf_region *region = &who->regions[number];
    if (!is_open(who, number))
        return;
    ledger_use(region->value);
    ledger_unhold(region->value);
    who->entered[number] = HF_NULL_HANDLE;
    hf_leave(region);
}

void operation_leave(const scene_operation *what)
{
    leave_number(self(), what->argument % ACTOR_REGIONS);
}

void operation_use(const scene_operation *what)
{
    const actor *who = self();
    (void)what;
    for (unsigned i = 0; i < ACTOR_REGIONS; i++)
        if (is_open(who, i))
            ledger_use(who->regions[i].value);
}

void operation_add_reference(const scene_operation *what)
{
    hf_handle handle = handle_of(what);
    hf_ref *place = &the_stage.references[what->argument % SCENE_REFERENCES];
    hf_ref reference;
    if (hf_handle_is_null(handle))
        return;
    bool closed = ledger_find(handle)->closed;
    hf_status status = hf_addref(the_stage.table, handle, &reference);
    expect_admission(status, closed);
    if (status != HF_OK)
        return;
    ledger_hold(reference.value);
    ledger_use(reference.value);
    hf_ref former = *place; /* moved, to whoever releases it */
    *place = reference;
    if (former.handle_ == 0)
        return;
    ledger_unhold(former.value);
    expect(hf_release(&former), ANSWER(HF_OK));
}

static void release_reference(hf_ref *place)
{
    hf_ref reference = *place;
    if (reference.handle_ == 0)
        return;
    *place = (hf_ref)HF_REF_INIT;
    ledger_use(reference.value);
    ledger_unhold(reference.value);
    expect(hf_release(&reference), ANSWER(HF_OK));
}

void operation_release(const scene_operation *what)
{
    release_reference(&the_stage.references[what->argument % SCENE_REFERENCES]);
}

void act_release_all(void)
{
    for (int i = 0; i < SCENE_REFERENCES; i++)
        release_reference(&the_stage.references[i]);
}

void act_leave_all(actor *who)
{
    for (unsigned i = 0; i < ACTOR_REGIONS; i++) {
        if (!the_stage.scene->ends_inside)
            leave_number(who, i);
        if (!is_open(who, i))
            continue;
        the_stage.abandoned++;
        ledger_unhold(who->regions[i].value);
    }
}

/* ---- dispatching ---------------------------------------------------------------------------- */

typedef struct call {
    hf_handle handle;
    unsigned what;
} call;

static void close_and_wait_inside(hf_handle handle)
{
    schedule_operation wait;
    schedule_begin(&wait, "hf_close_wait in a callback", true);
    if (act_close_wait(handle, HF_FOREVER) == HF_OK)
        schedule_fail("a callback waited for its own handle");
    schedule_end(&wait, false);
}

/* What becomes of it, nobody is told. */
static void close_afterwards(hf_callback *callback, hf_handle handle)
{
    ledger_find(handle)->loose = true;
    expect(hf_after_return_close(callback, the_stage.table, handle), ANSWER(HF_OK));
}

static void called(hf_value value, void *argument, hf_callback *callback)
{
    const call *this_call = argument;
    ledger_hold(value);
    ledger_use(value);
    if (this_call->what == CALL_CLOSES)
        act_close(this_call->handle);
    else if (this_call->what == CALL_CLOSES_AND_WAITS)
        close_and_wait_inside(this_call->handle);
    else if (this_call->what == CALL_CLOSES_AFTER)
        close_afterwards(callback, this_call->handle);
    ledger_use(value);
    ledger_unhold(value);
}

void operation_dispatch(const scene_operation *what)
{
    actor *who = self();
    call this_call = {.handle = handle_of(what), .what = what->argument % CALLS};
    if (hf_handle_is_null(this_call.handle))
        return;
    bool closed = ledger_find(this_call.handle)->closed;
    who->callbacks++;
    expect_admission(hf_dispatch(the_stage.table, this_call.handle, NULL, called, &this_call),
                     closed);
    who->callbacks--;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool waits;
    void (*function)(const scene_operation *what);
} operations[SCENE_KINDS] = {
#define OPERATION(NAME, name, waits, function) {name, waits, operation_##function},
    SCENE_OPERATIONS_LIST(OPERATION)
#undef OPERATION
};

const char *operation_name(const scene_operation *what)
{
    return operations[what->kind % SCENE_KINDS].name;
}

void operation_do(const scene_operation *what)
{
    schedule_operation now;
    unsigned kind = what->kind % SCENE_KINDS;
    schedule_begin(&now, operations[kind].name, operations[kind].waits);
    self()->to_be_woken = false;
    self()->subject = handle_of(what);
    operations[kind].function(what);
    self()->subject = HF_NULL_HANDLE;
    schedule_end(&now, self()->to_be_woken && self()->last_wait == HF_OK);
}
