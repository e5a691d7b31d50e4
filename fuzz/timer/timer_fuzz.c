/* Timer queues that are driven by the caller, on a clock that jumps: sequences of operations, also
 * inside the timers' functions and between the steps of a dispatch, in lock step with a model.
 *
 * Each input is played with every order of timers: the wheel, the heap, and a sorted list. */
#include "harness.h"
#include "list_order.h"
#include "play.h"

#include <string.h>

/* The stage that an input sets. */
typedef struct head {
    uint8_t start;
    uint8_t capacity;
} head;

FUZZ_RECORDS(sizeof(head), sizeof(step))

static stage stage_of(const head *h)
{
    static const int64_t starts[] = {
        1000,         1,     (1 << 16) - 100, (INT64_C(1) << 32) - 300, (INT64_C(1) << 56) - 1000,
        NEVER - 5000, NEVER, 123456789};
    static const unsigned capacities[] = {16, 2, 4, NODES};
    return (stage){.start = starts[h->start % 8],
                   .capacity = capacities[h->capacity % 4],
                   .shuts_down = h->capacity / 4 % 2 != 0};
}

static uint64_t play_all(const stage *s, const hf_timer_order *order, const uint8_t *steps,
                         size_t count)
{
    play_begin(s, order);
    for (size_t i = 0; i < count; i++) {
        step each;
        memcpy(&each, steps + i * sizeof(each), sizeof(each));
        play_step(&each);
    }
    return play_end(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    head h;
    if (size < sizeof(h))
        return 0;
    if (!ready)
        play_prepare();
    ready = true;
    memcpy(&h, data, sizeof(h));
    const stage s = stage_of(&h);
    const uint8_t *steps = data + sizeof(h);
    size_t count = (size - sizeof(h)) / sizeof(step);
    uint64_t wheel = play_all(&s, &hf_timer_wheel, steps, count);
    if (play_all(&s, &hf_timer_heap, steps, count) != wheel)
        fuzz_fail("heap and wheel differ");
    if (play_all(&s, &list_order, steps, count) != wheel)
        fuzz_fail("list and wheel differ");
    return 0;
}
