/* Opening. */
#include "acting.h"

/* In the small table of the explorer, there is always room for the one who asks. */
static uint32_t full(void)
{
    bool may_be = the_stage.scene->capacity != SCENE_CAPACITY && the_stage.scene->mortal;
    return ANSWER(HF_OK) | (may_be ? ANSWER(HF_E_TABLE_FULL) : 0);
}

static entry *open_with(const hf_open_options *options, hf_handle *out, uint32_t answers)
{
    hf_value value = fake_make(the_stage.world);
    hf_handle handle;
    hf_status status = hf_open(the_stage.table, type_of_scene(), value, options, &handle);
    expect(status, full() | answers);
    if (status != HF_OK) {
        fake_give_back(value);
        return NULL;
    }
    *out = handle;
    return ledger_add(handle, value);
}

void operation_open_one(const scene_operation *what)
{
    if (ledger_has_room())
        (void)open_with(NULL, &the_stage.handles[what->handle % SCENE_HANDLES], 0);
}

static void open_below(hf_handle parent, hf_handle *out)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.parent = parent;
    if (hf_handle_is_null(parent) || !ledger_has_room())
        return;
    entry *above = ledger_find(parent);
    bool closed = above->closed;
    above->parent = true; /* for ever: a wait for it may be one for the child */
    /* Not *out yet: others may close it as soon as they know it, and with it the parent. */
    hf_handle child;
    entry *made = open_with(&options, &child, REFUSED | too_many());
    if (made == NULL)
        return;
    if (closed && the_stage.scene->kind != FAKE_UNTIL_RELEASED)
        schedule_fail("a child was born to a handle whose close had returned");
    ledger_bind(made, above);
    *out = child;
}

void operation_open_child(const scene_operation *what)
{
    open_below(handle_of(what), other_of(what));
}

static void open_in_group(hf_handle *out)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.group = the_stage.group;
    if (!ledger_has_room())
        return;
    entry *made = open_with(&options, out, ANSWER(HF_E_CLOSING));
    if (made != NULL)
        made->member = made->loose = true;
}

void operation_open_member(const scene_operation *what)
{
    open_in_group(&the_stage.handles[what->handle % SCENE_HANDLES]);
}

static void reserve_for(hf_handle *out)
{
    hf_handle handle;
    if (!ledger_has_room())
        return;
    hf_status status = hf_reserve(the_stage.table, type_of_scene(), &handle);
    expect(status, full());
    if (status != HF_OK)
        return;
    (void)ledger_add(handle, 0);
    *out = handle;
}

void operation_reserve(const scene_operation *what)
{
    reserve_for(&the_stage.handles[what->handle % SCENE_HANDLES]);
}

void operation_commit(const scene_operation *what)
{
    hf_handle handle = handle_of(what);
    if (hf_handle_is_null(handle) || !ledger_has_room())
        return;
    hf_value value = fake_make(the_stage.world);
    hf_status status = hf_commit(the_stage.table, handle, value);
    expect(status, CLOSED | REFUSED);
    if (status == HF_OK)
        ledger_find(handle)->value = value;
    else
        fake_give_back(value);
}

void operation_duplicate(const scene_operation *what)
{
    hf_handle handle = handle_of(what);
    hf_handle copy;
    if (hf_handle_is_null(handle) || !ledger_has_room())
        return;
    bool closed = ledger_find(handle)->closed;
    hf_status status = hf_duplicate(the_stage.table, handle, the_stage.table, &copy);
    if ((status == HF_E_TABLE_FULL && (full() & ANSWER(status)) != 0) ||
        (status == HF_E_NOT_SUPPORTED && the_stage.scene->kind == FAKE_PLAIN))
        return;
    expect_admission(status, closed);
    if (status != HF_OK)
        return;
    (void)ledger_add(copy, 0);
    *other_of(what) = copy;
}

void operation_inspect(const scene_operation *what)
{
    hf_handle handle = handle_of(what);
    hf_info info = {.size = (uint32_t)sizeof(info)};
    if (hf_handle_is_null(handle))
        return;
    bool closed = ledger_find(handle)->closed;
    expect(hf_inspect(the_stage.table, handle, &info), ANSWER(HF_OK));
    if (closed && info.life != HF_LIFE_CLOSED && info.life != HF_LIFE_CLOSING)
        schedule_fail("a handle looks open after its close had returned");
    if (closed && hf_is_live(the_stage.table, handle) &&
        the_stage.scene->kind != FAKE_UNTIL_RELEASED)
        schedule_fail("a handle is live after its close had returned");
}

hf_handle act_begin(scene_beginning beginning)
{
    hf_handle made = HF_NULL_HANDLE;
    if (beginning == BEGIN_CHILD)
        open_below(the_stage.handles[0], &made);
    else if (beginning == BEGIN_MEMBER)
        open_in_group(&made);
    else if (beginning == BEGIN_RESERVED)
        reserve_for(&made);
    else if (beginning != BEGIN_ABSENT)
        (void)open_with(NULL, &made, 0);
    return made;
}
