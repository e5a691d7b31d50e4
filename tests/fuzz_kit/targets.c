#include "targets.h"

#include "box.h"

#include <stdio.h>
#include <string.h>

static hf_fuzz_answer answer(hf_fuzz_call *call, int status)
{
    if (status == BOX_WRONG)
        return hf_fuzz_broken(call, "says that box %d is damaged", hf_fuzz_int(call, 0));
    return status >= 0 ? HF_FUZZ_DONE : HF_FUZZ_REFUSED;
}

static hf_fuzz_answer open_box(hf_fuzz_call *call)
{
    return hf_fuzz_made_int(call, box_open());
}

static hf_fuzz_answer put_lid(hf_fuzz_call *call)
{
    int lid = box_lid(hf_fuzz_int(call, 0));
    return lid == BOX_STALE ? HF_FUZZ_REFUSED : hf_fuzz_made_int(call, lid);
}

static hf_fuzz_answer use_box(hf_fuzz_call *call)
{
    return answer(call, box_use(hf_fuzz_int(call, 0), call->number));
}

static hf_fuzz_answer join_boxes(hf_fuzz_call *call)
{
    return answer(call, box_join(hf_fuzz_int(call, 0), hf_fuzz_int(call, 1)));
}

static hf_fuzz_answer write_box(hf_fuzz_call *call)
{
    return answer(call, box_write(hf_fuzz_int(call, 0), (const char *)call->bytes));
}

static hf_fuzz_answer close_box(hf_fuzz_call *call)
{
    return answer(call, box_close(hf_fuzz_int(call, 0)));
}

const hf_fuzz_kind box_kinds[2] = {{.name = "box", .c_type = "int", .name_space = "boxes"},
                                   {.name = "lid", .c_type = "int", .name_space = "boxes"}};

const hf_fuzz_operation box_operations[BOX_OPERATIONS] = {
    [OPEN] = {"box_open", open_box, .makes = "box", .code = "$0 = box_open()"},
    [LID] = {"box_lid", put_lid, .makes = "lid", .takes = {"box"},
             .flags = HF_FUZZ_CHILD_HOLDS | HF_FUZZ_TAKES_STALE, .code = "$0 = box_lid($1)"},
    [USE] = {"box_use", use_box, .takes = {"box"}, .flags = HF_FUZZ_TAKES_STALE,
             .code = "box_use($1, $a)"},
    [JOIN] = {"box_join", join_boxes, .takes = {"box", "lid"}, .flags = HF_FUZZ_TAKES_STALE,
              .code = "box_join($1, $2)"},
    [WRITE] = {"box_write", write_box, .takes = {"lid"}, .code = "box_write($1, $b)"},
    [CLOSE] = {"box_close", close_box, .takes = {"box"},
               .flags = HF_FUZZ_CLOSES | HF_FUZZ_TAKES_STALE, .code = "box_close($1)"},
    [LIFT] = {"lid_lift", close_box, .takes = {"lid"},
              .flags = HF_FUZZ_CLOSES | HF_FUZZ_TAKES_STALE, .code = "box_close($1)"},
};

static void *begin(const hf_fuzz_scene *scene)
{
    box_plant((const char *)scene->data);
    box_reset();
    return NULL;
}

hf_fuzz_target box_target(const char *bug)
{
    static char plant[64];
    snprintf(plant, sizeof(plant), "    box_plant(\"%s\");", bug);
    hf_fuzz_target target = {.name = "boxes",
                             .kinds = box_kinds,
                             .kind_count = HF_FUZZ_COUNT(box_kinds),
                             .operations = box_operations,
                             .operation_count = HF_FUZZ_COUNT(box_operations),
                             .set_up = begin,
                             .data = (void *)(uintptr_t)bug,
                             .timeout_ms = 60000, /* the machine may be busy */
                             .flags = HF_FUZZ_LEAVES_OPEN,
                             .code_head = "#include \"box.h\"",
                             .code_begin = plant};
    return target;
}

input input_begin(uint8_t order, uint8_t number)
{
    input in = {{order, 0, 0, number}, HF_FUZZ_HEAD};
    return in;
}

void input_add(input *in, uint8_t operation, uint8_t one, uint8_t two, uint8_t thread,
               uint64_t number)
{
    uint8_t *record = in->bytes + in->size;
    memset(record, 0, HF_FUZZ_RECORD);
    record[0] = operation;
    record[1] = one;
    record[2] = two;
    record[4] = number > UINT8_MAX ? thread | 0xc0 : thread;
    for (unsigned i = 0; i < 8; i++)
        record[5 + i] = (uint8_t)(number >> (8 * i));
    in->size += HF_FUZZ_RECORD;
}

void input_play(const input *in, const hf_fuzz_target *target)
{
    (void)hf_fuzz_play(target, in->bytes, in->size);
}
