/* An interface that stands on Holdfast, and two bugs that it may have. */
#include "scenes.h"

#include <holdfast/holdfast.h>

#include <stdlib.h>
#include <string.h>

enum { MAKE, LOOK, SHUT };

static hf_outcome release(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    (void)error;
    return HF_OUTCOME_RELEASED;
}

static const hf_type thing = {.size = sizeof(hf_type), .name = "thing", .release = release};

typedef struct things {
    hf_table *table;
    const char *bug;
    hf_handle first;
} things;

static void *begin(const hf_fuzz_scene *scene)
{
    things *context = calloc(1, sizeof(*context));
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.reuse = scene->reuse;
    options.seed = scene->seed;
    options.name = "things";
    if (context == NULL || scene->seed == 0 || hf_table_create(&options, &context->table) != HF_OK)
        abort();
    context->bug = (const char *)scene->data;
    return context;
}

static void end(void *context)
{
    hf_table_destroy(((things *)context)->table);
    free(context);
}

static hf_fuzz_answer make_thing(hf_fuzz_call *call)
{
    things *context = call->context;
    hf_handle made = HF_NULL_HANDLE;
    hf_status status = hf_open(context->table, &thing, call->index, NULL, &made);
    if (call->index == 1)
        context->first = made;
    return status == HF_OK ? hf_fuzz_made_handle(call, made) : hf_fuzz_status(status);
}

static hf_fuzz_answer look_at_thing(hf_fuzz_call *call)
{
    things *context = call->context;
    hf_handle handle = hf_fuzz_handle(call, 0);
    hf_region region;
    if (strcmp(context->bug, "quiet") == 0 && !hf_is_live(context->table, handle))
        return HF_FUZZ_REFUSED;
    if (strcmp(context->bug, "hasty") == 0 && call->number == 13)
        (void)hf_close(context->table, context->first, NULL);
    hf_status status = hf_enter(context->table, handle, &thing, &region);
    if (status == HF_OK)
        hf_leave(&region);
    return hf_fuzz_status(status);
}

static hf_fuzz_answer shut_thing(hf_fuzz_call *call)
{
    things *context = call->context;
    return hf_fuzz_status(hf_close(context->table, hf_fuzz_handle(call, 0), NULL));
}

static const hf_fuzz_kind kinds[] = {{.name = "thing", .c_type = "hf_handle"}};

static const hf_fuzz_operation operations[] = {
    [MAKE] = {"make", make_thing, .makes = "thing"},
    [LOOK] = {"look", look_at_thing, .takes = {"thing"}, .flags = HF_FUZZ_TAKES_STALE},
    [SHUT] = {"shut", shut_thing, .takes = {"thing"},
              .flags = HF_FUZZ_CLOSES | HF_FUZZ_TAKES_STALE},
};

/* Closed handles are used again and again: each time there must be a report. */
static void play_things(const char *bug, uint64_t number)
{
    const hf_fuzz_target target = {.name = "things",
                                   .timeout_ms = 60000,
                                   .kinds = kinds,
                                   .kind_count = HF_FUZZ_COUNT(kinds),
                                   .operations = operations,
                                   .operation_count = HF_FUZZ_COUNT(operations),
                                   .set_up = begin,
                                   .tear_down = end,
                                   .data = (void *)(uintptr_t)bug,
                                   .flags = HF_FUZZ_ON_HOLDFAST};
    input in = input_begin(IMMEDIATE, 0);
    input_add(&in, MAKE, 0, 0, 0, 0);
    input_add(&in, MAKE, 0, 0, 0, 0);
    input_add(&in, SHUT, LIVE_NTH(1), 0, 0, 0);
    input_add(&in, SHUT, DEAD, 0, 0, 0);
    input_add(&in, LOOK, LIVE, 0, 0, number);
    input_add(&in, LOOK, DEAD, 0, 0, 0);
    for (unsigned i = 0; i < 20; i++) /* from one place: the stacks are the same */
        input_play(&in, &target);
}

static void things_are_well(void)
{
    play_things("", 13);
}

static void reported(void)
{
    play_things("hasty", 13);
}

static void not_reported(void)
{
    play_things("quiet", 0);
}

const kit_scene holdfast_scenes[] = {SCENE(things_are_well), SCENE(reported), SCENE(not_reported),
                                     SCENES_END};
