/* What a target may do wrong while it is played. */
#include "box.h"
#include "scenes.h"

#include <string.h>
#include <unistd.h>

/* Two boxes; one is closed, and used in a way that the bug does not like. */
static void play_bug(const char *bug, uint8_t thread, uint64_t number)
{
    hf_fuzz_target target = box_target(bug);
    input in = input_begin(AS_GIVEN, 0);
    target.threads = 2;
    if (strcmp(bug, "hangs") == 0)
        target.timeout_ms = 200;
    input_add(&in, OPEN, 0, 0, 0, 0);
    input_add(&in, OPEN, 0, 0, 1, 0);
    input_add(&in, CLOSE, LIVE_NTH(1), 0, 0, 0);
    input_add(&in, USE, DEAD, 0, 2, 13);
    input_add(&in, USE, LIVE, 0, thread, number);
    input_play(&in, &target);
}

static void nothing(void)
{
    play_bug("", 0, 13);
}

static void stale_accepted(void)
{
    play_bug("stale", 0, 12);
}

static void live_refused(void)
{
    play_bug("refuses", 0, 13);
}

static void broken(void)
{
    play_bug("damaged", 1, 13);
}

static void segv(void)
{
    play_bug("segv", 0, 13);
}

static void segv_on_worker(void)
{
    play_bug("segv", 2, 13);
}

static void aborted(void)
{
    play_bug("abort", 0, 13);
}

static void ended(void)
{
    play_bug("exit", 0, 13);
}

static void time_out(void)
{
    play_bug("hangs", 0, 13);
}

static void time_out_on_worker(void)
{
    play_bug("hangs", 1, 13);
}

static void duplicate_owner(void)
{
    hf_fuzz_target target = box_target("twice");
    input in = input_begin(AS_GIVEN, 0);
    input_add(&in, OPEN, 0, 0, 0, 0);
    input_add(&in, LID, LIVE, 0, 0, 0);
    input_add(&in, OPEN, 0, 0, 0, 0);
    input_play(&in, &target);
}

static void parent_closed(void)
{
    hf_fuzz_target target = box_target("orphans");
    input in = input_begin(AS_GIVEN, 0);
    input_add(&in, OPEN, 0, 0, 0, 0);
    input_add(&in, LID, LIVE, 0, 0, 0);
    input_add(&in, WRITE, LIVE, 0, 0, UINT64_C(0x2222ff0a00617a41));
    input_add(&in, JOIN, LIVE, LIVE, 0, 0);
    input_add(&in, CLOSE, LIVE, 0, 0, 0);
    input_play(&in, &target);
}

/* ---- operations that do not keep to the rules ------------------------------------------------ */

static hf_fuzz_answer answers_seven(hf_fuzz_call *call)
{
    return (hf_fuzz_answer)(7 + 0 * call->index);
}

static hf_fuzz_answer answers_minus_one(hf_fuzz_call *call)
{
    (void)call;
    return (hf_fuzz_answer)-1;
}

static hf_fuzz_answer answers_far_off(hf_fuzz_call *call)
{
    (void)call;
    return (hf_fuzz_answer)-1000000;
}

static hf_fuzz_answer is_merely_done(hf_fuzz_call *call)
{
    (void)call;
    return HF_FUZZ_DONE;
}

static hf_fuzz_answer makes_and_fails(hf_fuzz_call *call)
{
    call->made = 5;
    return HF_FUZZ_FAILED;
}

static hf_fuzz_answer makes_five(hf_fuzz_call *call)
{
    return hf_fuzz_made_int(call, 5);
}

static hf_fuzz_answer plays(hf_fuzz_call *call)
{
    hf_fuzz_target other = box_target("");
    (void)hf_fuzz_play(&other, call->bytes, sizeof(call->bytes));
    return HF_FUZZ_DONE;
}

/* Plays one operation, which is not described in C. */
static void play_one(hf_fuzz_answer (*call)(hf_fuzz_call *), const char *makes)
{
    const hf_fuzz_operation operation = {"odd", call, .makes = makes};
    hf_fuzz_target target = box_target("");
    input in = input_begin(AS_GIVEN, 0);
    target.operations = &operation;
    target.operation_count = 1;
    input_add(&in, 0, 0, 0, 0, 9);
    input_play(&in, &target);
}

static void garbage_answer(void)
{
    play_one(answers_seven, NULL);
}

static void garbage_negative(void)
{
    play_one(answers_minus_one, NULL);
}

static void garbage_far_off(void)
{
    play_one(answers_far_off, NULL);
}

static void garbage_nothing_made(void)
{
    play_one(is_merely_done, "box");
}

static void garbage_made_and_failed(void)
{
    play_one(makes_and_fails, "box");
}

static void garbage_made_unasked(void)
{
    play_one(makes_five, NULL);
}

static void recursion(void)
{
    play_one(plays, NULL);
}

static void *sleep_on(const hf_fuzz_scene *scene)
{
    for (;;)
        pause();
    return scene->data;
}

static void set_up_hangs(void)
{
    hf_fuzz_target target = box_target("");
    input in = input_begin(AS_GIVEN, 0);
    target.set_up = sleep_on;
    target.timeout_ms = 100;
    input_play(&in, &target);
}

const kit_scene finding_scenes[] = {SCENE(nothing),
                                    SCENE(stale_accepted),
                                    SCENE(live_refused),
                                    SCENE(broken),
                                    SCENE(segv),
                                    SCENE(segv_on_worker),
                                    SCENE(aborted),
                                    SCENE(ended),
                                    SCENE(time_out),
                                    SCENE(time_out_on_worker),
                                    SCENE(duplicate_owner),
                                    SCENE(parent_closed),
                                    SCENE(garbage_answer),
                                    SCENE(garbage_negative),
                                    SCENE(garbage_far_off),
                                    SCENE(garbage_nothing_made),
                                    SCENE(garbage_made_and_failed),
                                    SCENE(garbage_made_unasked),
                                    SCENE(recursion),
                                    SCENE(set_up_hangs),
                                    SCENES_END};
