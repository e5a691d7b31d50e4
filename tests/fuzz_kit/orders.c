/* What the kit makes of inputs, as HOLDFAST_FUZZ_OPTIONS prints it. */
#include "box.h"
#include "scenes.h"

#include <stdlib.h>
#include <string.h>

static void play_printed(const char *environment, const input *in, const hf_fuzz_target *target)
{
    if (setenv("HOLDFAST_FUZZ_OPTIONS", environment, 1) != 0)
        abort();
    input_play(in, target);
}

/* Two boxes, one with a lid; and closes. */
static void play_order(uint8_t order)
{
    hf_fuzz_target target = box_target("");
    input in = input_begin(order, 0);
    input_add(&in, OPEN, 0, 0, 0, 0);
    input_add(&in, OPEN, 0, 0, 0, 0);
    input_add(&in, LID, LIVE, 0, 0, 0);
    input_add(&in, LIFT, LIVE, 0, 0, 1);
    input_add(&in, CLOSE, LIVE, 0, 0, 2);
    input_add(&in, USE, LIVE, 0, 0, 3);
    input_add(&in, CLOSE, LIVE, 0, 0, 4);
    input_add(&in, OPEN, 0, 0, 0, 0);
    input_add(&in, OPEN, 0, 0, 0, 0);
    input_add(&in, OPEN, 0, 0, 0, 0);
    play_printed("print=1", &in, &target);
}

static void as_given(void)
{
    play_order(AS_GIVEN);
}

static void immediate(void)
{
    play_order(IMMEDIATE);
}

static void delayed(void)
{
    play_order(DELAYED);
}

static void across(void)
{
    play_order(ACROSS);
}

static void worn(void)
{
    play_order(WORN);
}

/* A close of what a lid holds is refused, and that is right; then the kit closes all. */
static void closes_all_in_the_end(void)
{
    hf_fuzz_target target = box_target("");
    input in = input_begin(AS_GIVEN, 0);
    target.flags = 0;
    input_add(&in, LID, 0, 0, 0, 0);
    input_add(&in, LID, LIVE, 0, 0, 0);
    input_add(&in, CLOSE, LIVE, 0, 0, 0);
    play_printed("print=1", &in, &target);
    if (box_count() != 0)
        abort();
}

/* Closes only: each is replaced by what makes a handle, as long as there is none. */
static void only_closes(void)
{
    hf_fuzz_target target = box_target("");
    input in = input_begin(AS_GIVEN, 0);
    for (unsigned i = 0; i < 6; i++)
        input_add(&in, CLOSE, LIVE, 0, 0, 0);
    play_printed("print=1", &in, &target);
}

static void code_printed(void)
{
    hf_fuzz_target target = box_target("");
    input in = input_begin(AS_GIVEN, 0);
    target.code_end = "    box_reset();";
    input_add(&in, OPEN, 0, 0, 0, 0);
    input_add(&in, USE, LIVE, 0, 0, UINT64_MAX);
    play_printed("code=1", &in, &target);
}

static void both_printed(void)
{
    hf_fuzz_target target = box_target("");
    input in = input_begin(AS_GIVEN, 0);
    input_add(&in, OPEN, 0, 0, 0, 0);
    input_add(&in, USE, LIVE, 0, 0, 5);
    play_printed("print=1:code=1", &in, &target);
}

static void unknown_keys(void)
{
    hf_fuzz_target target = box_target("");
    input in = input_begin(AS_GIVEN, 0);
    play_printed("prnt=1:code=yes:timeout_ms=-1:print", &in, &target);
}

static void help(void)
{
    hf_fuzz_target target = box_target("");
    input in = input_begin(AS_GIVEN, 0);
    play_printed("help=1", &in, &target);
}

/* ---- kinds and children of other sorts ------------------------------------------------------- */

enum { GRAB, TWIG, TOSS, SNAP, POKE };

static hf_fuzz_answer grab(hf_fuzz_call *call)
{
    return hf_fuzz_made_int(call, (int)call->number);
}

static hf_fuzz_answer do_nothing(hf_fuzz_call *call)
{
    return call->stale[0] ? HF_FUZZ_REFUSED : HF_FUZZ_DONE;
}

/* Numbers that the input gives out; branches with twigs. */
static void play_branches(uint32_t kind_flags, uint32_t child, const input *in)
{
    const hf_fuzz_kind kinds[] = {{"branch", "int", NULL, kind_flags}, {"twig", "int", NULL, 0}};
    const hf_fuzz_operation operations[] = {
        [GRAB] = {"grab", grab, .makes = "branch"},
        [TWIG] = {"grow", grab, .makes = "twig", .takes = {"branch"}, .flags = child},
        [TOSS] = {"toss", do_nothing, .takes = {"branch"}, .flags = HF_FUZZ_CLOSES},
        [SNAP] = {"snap", do_nothing, .takes = {"twig"}, .flags = HF_FUZZ_CLOSES},
        [POKE] = {"poke", do_nothing, .takes = {"twig"}, .flags = HF_FUZZ_TAKES_STALE},
    };
    hf_fuzz_operation with_poke[HF_FUZZ_COUNT(operations) + 1];
    memcpy(with_poke, operations, sizeof(operations));
    with_poke[HF_FUZZ_COUNT(operations)] =
        (hf_fuzz_operation){"prod", do_nothing, .takes = {"branch"}, .flags = HF_FUZZ_TAKES_STALE};
    const hf_fuzz_target target = {.name = "branches",
                                   .kinds = kinds,
                                   .kind_count = HF_FUZZ_COUNT(kinds),
                                   .operations = with_poke,
                                   .operation_count = HF_FUZZ_COUNT(with_poke),
                                   .flags = HF_FUZZ_LEAVES_OPEN};
    play_printed("print=1", in, &target);
}

enum { PROD = POKE + 1 };

static void twigs_die_with_their_branch(void)
{
    input in = input_begin(AS_GIVEN, 0);
    input_add(&in, GRAB, 0, 0, 0, 7);
    input_add(&in, TWIG, LIVE, 0, 0, 8);
    input_add(&in, TOSS, LIVE, 0, 0, 0);
    input_add(&in, POKE, DEAD, 0, 0, 0);
    play_branches(0, HF_FUZZ_CHILD_DIES, &in);
}

static void twigs_go_first(void)
{
    input in = input_begin(AS_GIVEN, 0);
    input_add(&in, GRAB, 0, 0, 0, 7);
    input_add(&in, TWIG, LIVE, 0, 0, 8);
    input_add(&in, TOSS, LIVE, 0, 0, 9); /* another branch is made instead */
    input_add(&in, SNAP, LIVE, 0, 0, 0);
    input_add(&in, TOSS, LIVE_NTH(1), 0, 0, 0);
    play_branches(0, HF_FUZZ_CHILD_FIRST, &in);
}

/* Nothing snaps a twig, so its branch is not tossed, in the end either. */
static void twig_keeps_its_branch(void)
{
    const hf_fuzz_kind kinds[] = {{.name = "branch"}, {.name = "twig"}};
    const hf_fuzz_operation operations[] = {
        [GRAB] = {"grab", grab, .makes = "branch"},
        [TWIG] = {"grow", grab, .makes = "twig", .takes = {"branch"}, .flags = HF_FUZZ_CHILD_FIRST},
        [TOSS] = {"toss", do_nothing, .takes = {"branch"}, .flags = HF_FUZZ_CLOSES},
    };
    const hf_fuzz_target target = {.name = "branches",
                                   .kinds = kinds,
                                   .kind_count = HF_FUZZ_COUNT(kinds),
                                   .operations = operations,
                                   .operation_count = HF_FUZZ_COUNT(operations)};
    input in = input_begin(AS_GIVEN, 0);
    input_add(&in, GRAB, 0, 0, 0, 7);
    input_add(&in, GRAB, 0, 0, 0, 8);
    input_add(&in, TWIG, LIVE, 0, 0, 9);
    play_printed("print=1", &in, &target);
}

/* A closed number is not used while it is live anew. */
static void recycled(void)
{
    input in = input_begin(AS_GIVEN, 0);
    input_add(&in, GRAB, 0, 0, 0, 7);
    input_add(&in, TOSS, LIVE, 0, 0, 0);
    input_add(&in, PROD, DEAD, 0, 0, 0);
    input_add(&in, GRAB, 0, 0, 0, 7);
    input_add(&in, PROD, DEAD, 0, 0, 0); /* the live one */
    play_branches(HF_FUZZ_RECYCLED, 0, &in);
}

static void shared(void)
{
    input in = input_begin(AS_GIVEN, 0);
    input_add(&in, GRAB, 0, 0, 0, 7);
    input_add(&in, GRAB, 0, 0, 0, 7);
    input_add(&in, TOSS, LIVE, 0, 0, 0);
    input_add(&in, PROD, DEAD, 0, 0, 0); /* the live one */
    input_add(&in, TOSS, LIVE, 0, 0, 0);
    input_add(&in, PROD, DEAD, 0, 0, 0);
    play_branches(HF_FUZZ_SHARED, 0, &in);
}

const kit_scene order_scenes[] = {SCENE(as_given),
                                  SCENE(immediate),
                                  SCENE(delayed),
                                  SCENE(across),
                                  SCENE(worn),
                                  SCENE(closes_all_in_the_end),
                                  SCENE(only_closes),
                                  SCENE(code_printed),
                                  SCENE(both_printed),
                                  SCENE(unknown_keys),
                                  SCENE(help),
                                  SCENE(twigs_die_with_their_branch),
                                  SCENE(twigs_go_first),
                                  SCENE(twig_keeps_its_branch),
                                  SCENE(recycled),
                                  SCENE(shared),
                                  SCENES_END};
