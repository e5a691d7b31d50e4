/* An interface whose handles are pointers: what is wrong with it only AddressSanitizer sees. */
#include "scenes.h"

#include <stdlib.h>

enum { ALLOCATE, TOUCH, DIG, FREE };

static hf_fuzz_answer allocate(hf_fuzz_call *call)
{
    return hf_fuzz_made_pointer(call, calloc(1, 24));
}

/* Touches one that was freed, if the input says so. */
static hf_fuzz_answer touch(hf_fuzz_call *call)
{
    static char *freed;
    char *block = hf_fuzz_pointer(call, 0);
    if (call->number == 1)
        freed = block;
    if (call->number == 2)
        freed[3]++;
    block[call->number % 24] = 1;
    return HF_FUZZ_DONE;
}

static int deeper(hf_fuzz_call *call, uint64_t depth)
{
    char room[4096];
    room[depth % sizeof(room)] = (char)depth;
    call->bytes[0] = (uint8_t)room[depth % 7];
    return depth == 0 ? 0 : deeper(call, depth - 1) + room[depth % sizeof(room)];
}

static hf_fuzz_answer dig(hf_fuzz_call *call)
{
    call->message[0] = (char)deeper(call, call->number);
    return HF_FUZZ_DONE;
}

static hf_fuzz_answer give_back(hf_fuzz_call *call)
{
    free(hf_fuzz_pointer(call, 0));
    return HF_FUZZ_DONE;
}

static const hf_fuzz_kind kinds[] = {{.name = "block"}};

static const hf_fuzz_operation operations[] = {
    [ALLOCATE] = {"allocate", allocate, .makes = "block", .code = "$0 = calloc(1, 24)"},
    [TOUCH] = {"touch", touch, .takes = {"block"}},
    [DIG] = {"dig", dig, .makes = NULL},
    [FREE] = {"free", give_back, .takes = {"block"}, .flags = HF_FUZZ_CLOSES, .code = "free($1)"},
};

static const hf_fuzz_target blocks = {
    .name = "blocks",
    .timeout_ms = 60000,
    .kinds = kinds,
    .kind_count = HF_FUZZ_COUNT(kinds),
    .operations = operations,
    .operation_count = HF_FUZZ_COUNT(operations),
    .threads = 1,
    .code_head = "#include <stdlib.h>",
};

static void used_after_free(void)
{
    input in = input_begin(AS_GIVEN, 0);
    input_add(&in, ALLOCATE, 0, 0, 0, 0);
    input_add(&in, ALLOCATE, 0, 0, 0, 0);
    input_add(&in, TOUCH, LIVE_NTH(1), 0, 0, 1);
    input_add(&in, FREE, LIVE_NTH(1), 0, 0, 0);
    input_add(&in, TOUCH, LIVE, 0, 0, 2);
    input_play(&in, &blocks);
}

static void dig_deep(uint8_t thread)
{
    input in = input_begin(AS_GIVEN, 0);
    input_add(&in, ALLOCATE, 0, 0, 0, 0);
    input_add(&in, DIG, 0, 0, thread, UINT64_MAX);
    input_play(&in, &blocks);
}

static void stack_runs_over(void)
{
    dig_deep(0);
}

static void stack_of_worker_runs_over(void)
{
    dig_deep(1);
}

const kit_scene memory_scenes[] = {SCENE(used_after_free), SCENE(stack_runs_over),
                                   SCENE(stack_of_worker_runs_over), SCENES_END};
