// A target in C++17: positional descriptions, lambdas as operations, and the kit's code in a C++
// file.
#define HF_FUZZ_IMPLEMENTATION
#define HF_FUZZ_STANDALONE
#include <holdfast/fuzz.h>

extern "C" {
#include "box.h"
}

#include <vector>

namespace
{

struct scene {
    std::vector<int> used;
};

const hf_fuzz_kind kinds[] = {{"box", "int", nullptr, 0}};

const hf_fuzz_operation operations[] = {
    {"open",
     [](hf_fuzz_call *call) { return hf_fuzz_made_int(call, box_open()); },
     "box",
     {},
     0,
     "$0 = box_open()"},
    {"use",
     [](hf_fuzz_call *call) {
         static_cast<scene *>(call->context)->used.push_back(hf_fuzz_int(call, 0));
         return box_use(hf_fuzz_int(call, 0), call->number) == BOX_OK ? HF_FUZZ_DONE
                                                                      : HF_FUZZ_REFUSED;
     },
     nullptr,
     {"box"},
     HF_FUZZ_TAKES_STALE,
     "box_use($1, $a)"},
    {"close",
     [](hf_fuzz_call *call) {
         return box_close(hf_fuzz_int(call, 0)) == BOX_OK ? HF_FUZZ_DONE : HF_FUZZ_REFUSED;
     },
     nullptr,
     {"box"},
     HF_FUZZ_CLOSES | HF_FUZZ_TAKES_STALE,
     "box_close($1)"},
};

void *set_up(const hf_fuzz_scene *)
{
    box_reset();
    return new scene;
}

void tear_down(void *context)
{
    delete static_cast<scene *>(context);
}

const hf_fuzz_target target = {"boxes in C++",
                               kinds,
                               HF_FUZZ_COUNT(kinds),
                               operations,
                               HF_FUZZ_COUNT(operations),
                               set_up,
                               tear_down,
                               nullptr, // data
                               2,       // threads
                               0,       // time-out: the default
                               0,       // flags
                               "#include \"box.h\"",
                               nullptr,
                               nullptr};

} // namespace

HF_FUZZ_TARGET(target)
