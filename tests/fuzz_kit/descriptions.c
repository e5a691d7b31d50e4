/* Descriptions of targets that make no sense. */
#include "box.h"
#include "scenes.h"

static hf_fuzz_answer is_merely_done(hf_fuzz_call *call)
{
    (void)call;
    return HF_FUZZ_DONE;
}

static hf_fuzz_answer makes_five(hf_fuzz_call *call)
{
    return hf_fuzz_made_int(call, 5);
}

static void play_operation(hf_fuzz_operation operation)
{
    hf_fuzz_target target = box_target("");
    const hf_fuzz_operation operations[] = {box_operations[OPEN], operation};
    input in = input_begin(AS_GIVEN, 0);
    target.operations = operations;
    target.operation_count = 2;
    input_play(&in, &target);
}

static void no_function(void)
{
    play_operation((hf_fuzz_operation){.name = "odd"});
}

static void no_name(void)
{
    play_operation((hf_fuzz_operation){.call = is_merely_done});
}

static void unknown_kind(void)
{
    play_operation((hf_fuzz_operation){"odd", is_merely_done, .takes = {"bax"}});
}

static void unknown_kind_made(void)
{
    play_operation((hf_fuzz_operation){"odd", is_merely_done, .makes = "bax"});
}

static void gap_in_takes(void)
{
    play_operation((hf_fuzz_operation){"odd", is_merely_done, .takes = {"box", NULL, "box"}});
}

static void closes_nothing(void)
{
    play_operation((hf_fuzz_operation){"odd", is_merely_done, .flags = HF_FUZZ_CLOSES});
}

static void stale_nothing(void)
{
    play_operation((hf_fuzz_operation){"odd", is_merely_done, .flags = HF_FUZZ_TAKES_STALE});
}

static void child_of_nothing(void)
{
    play_operation(
        (hf_fuzz_operation){"odd", makes_five, .makes = "box", .flags = HF_FUZZ_CHILD_DIES});
}

static void two_sorts_of_child(void)
{
    play_operation((hf_fuzz_operation){"odd", makes_five, .makes = "box", .takes = {"box"},
                                       .flags = HF_FUZZ_CHILD_DIES | HF_FUZZ_CHILD_HOLDS});
}

static void unknown_flags(void)
{
    play_operation((hf_fuzz_operation){"odd", is_merely_done, .flags = 1u << 9});
}

static void wrong_template(void)
{
    play_operation((hf_fuzz_operation){"odd", is_merely_done, .code = "odd($x)"});
}

static void template_takes_more(void)
{
    play_operation(
        (hf_fuzz_operation){"odd", is_merely_done, .takes = {"box"}, .code = "odd($1, $2)"});
}

static void template_makes(void)
{
    play_operation((hf_fuzz_operation){"odd", is_merely_done, .code = "$0 = odd()"});
}

static void no_maker(void)
{
    play_operation((hf_fuzz_operation){"odd", is_merely_done, .takes = {"lid"}});
}

static void no_operations(void)
{
    hf_fuzz_target target = box_target("");
    input in = input_begin(AS_GIVEN, 0);
    target.operation_count = 0;
    input_play(&in, &target);
}

static void odd_kind_name(void)
{
    const hf_fuzz_kind kinds[] = {{.name = "a box"}};
    hf_fuzz_target target = box_target("");
    input in = input_begin(AS_GIVEN, 0);
    target.kinds = kinds;
    target.kind_count = 1;
    input_play(&in, &target);
}

static void many_threads(void)
{
    hf_fuzz_target target = box_target("");
    input in = input_begin(AS_GIVEN, 0);
    target.threads = 9;
    input_play(&in, &target);
}

const kit_scene description_scenes[] = {
    SCENE(no_function),       SCENE(no_name),          SCENE(unknown_kind),
    SCENE(unknown_kind_made), SCENE(gap_in_takes),     SCENE(closes_nothing),
    SCENE(stale_nothing),     SCENE(child_of_nothing), SCENE(two_sorts_of_child),
    SCENE(unknown_flags),     SCENE(wrong_template),   SCENE(template_takes_more),
    SCENE(template_makes),    SCENE(no_maker),         SCENE(no_operations),
    SCENE(odd_kind_name),     SCENE(many_threads),     SCENES_END};
