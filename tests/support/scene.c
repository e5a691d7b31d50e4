/* How each scene is set. */
#include "scene.h"

static const char *const names[SCENE_COUNT] = {
#define SCENE_TEXT(name) #name,
    SCENE_STATES(SCENE_TEXT)
#undef SCENE_TEXT
};

const char *scene_name(scene_state state)
{
    return names[state];
}

static hf_handle open_in(scene *on, hf_table *table)
{
    hf_handle handle = HF_NULL_HANDLE;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.borrowed = on->borrowed;
    on->value = fake_make(on->world);
    MUST_OK(hf_open(table, on->type, on->value, &options, &handle));
    return handle;
}

static void set_open(scene *on)
{
    on->handle = open_in(on, on->table);
    if (on->state == SCENE_HOT || on->state == SCENE_HOT_ENTERED)
        fixture_heat(on->table, on->handle);
}

static void set_held(scene *on)
{
    switch (on->state) {
    case SCENE_COLD_ENTERED:
    case SCENE_HOT_ENTERED:
    case SCENE_CLOSING_ENTERED:
        MUST_OK(hf_enter(on->table, on->handle, on->type, &on->region));
        break;
    case SCENE_REFERENCED:
    case SCENE_CLOSING:
    case SCENE_LENIENT:
        MUST_OK(hf_addref(on->table, on->handle, &on->ref));
        break;
    case SCENE_PARENT:
    case SCENE_CLOSING_PARENT:
        on->child = fixture_child(on->table, on->world, on->handle);
        break;
    default:
        break;
    }
}

static void set_closed(scene *on)
{
    hf_close_result result;
    if (on->state != SCENE_STALE && on->state != SCENE_REUSED && on->state < SCENE_CLOSING)
        return;
    MUST_OK(hf_close(on->table, on->handle, &result));
    if (on->state != SCENE_REUSED)
        return;
    on->innocent = fixture_open(on->table, on->world, FAKE_RUNDOWN);
    cr_assert(fixture_same_slot(on->innocent, on->handle), "the slot was not reused");
}

static void set_stage(scene *on)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.level = HF_LEVEL_STACKS;
    on->table = fixture_create(&options);
    options.name = "other table";
    on->other = fixture_create(&options);
    on->world = fake_world_create(64);
    on->strangers = fake_world_create(4);
    hf_handle stranger = fixture_open(on->table, on->strangers, FAKE_PLAIN);
    cr_assert_eq(fixture_close(on->table, stranger), HF_OUTCOME_RELEASED);
    on->type = &on->world->types[on->state == SCENE_LENIENT ? FAKE_UNTIL_RELEASED : FAKE_RUNDOWN];
}

void scene_build(scene *on, scene_state state, bool borrowed)
{
    *on = (scene){.state = state, .borrowed = borrowed};
    set_stage(on);
    switch (state) {
    case SCENE_NULL_HANDLE:
        break;
    case SCENE_FORGED:
        on->handle.bits = UINT64_C(0xf0f0f0f0f0f0f0f1);
        break;
    case SCENE_FORGED_EVEN:
        on->handle.bits = (uint64_t)(uintptr_t)on;
        break;
    case SCENE_FOREIGN:
        on->handle = open_in(on, on->other);
        break;
    case SCENE_RESERVED:
        MUST_OK(hf_reserve(on->table, on->type, &on->handle));
        break;
    default:
        set_open(on);
        set_held(on);
        set_closed(on);
        break;
    }
}

void scene_let_go(scene *on)
{
    if (hf_region_entered(&on->region))
        hf_leave(&on->region);
    if (on->ref.handle_ != 0)
        MUST_OK(hf_release(&on->ref));
    if (!hf_handle_is_null(on->child))
        cr_assert_eq(fixture_close(on->table, on->child), HF_OUTCOME_RELEASED);
    on->child = HF_NULL_HANDLE;
}

void scene_strike(scene *on)
{
    scene_let_go(on);
    hf_table_destroy(on->table);
    hf_table_destroy(on->other);
    if (on->borrowed && on->value != 0) {
        cr_assert_eq(fake_of(on->value)->releases, 0, "a borrowed value was released");
        fake_give_back(on->value);
    }
    fixture_end(on->world);
    fake_world_destroy(on->strangers);
}
