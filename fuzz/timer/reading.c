/* From bytes to moments and timers. */
#include "steps.h"

int64_t read_span(uint8_t byte)
{
    unsigned low = byte % 64;
    switch (byte / 64) {
    case 0:
        return low;
    case 1:
        return low * INT64_C(29);
    case 2:
        return low == 63 ? NEVER : INT64_C(1) << low;
    default: {
        int64_t span = (int64_t)(1 + low % 8) << (8 * (low / 16));
        return low / 8 % 2 != 0 ? span - 1 : span;
    }
    }
}

int64_t read_period(uint8_t byte)
{
    return byte < 128 ? 0 : 1 + read_span((uint8_t)(byte * 2)) % (INT64_C(1) << 40);
}

timer *read_timer(uint8_t choice)
{
    unsigned count = world.timer_count;
    if (count == 0 || choice == 0xFF)
        return NULL;
    if (choice >= 0xC0)
        return &world.timers[choice * 3u % count];
    return &world.timers[count - 1 - choice % (count < 16 ? count : 16)];
}

hf_timer read_handle(const timer *t)
{
    return t != NULL ? t->handle : hf_timer_from(HF_NULL_HANDLE);
}

int64_t read_moment(const step *s)
{
    int64_t span = read_span(s->span);
    int64_t turn = INT64_C(256) << (s->span % 4 * 8);
    switch (s->flags % 4) {
    case 3:
        return span;
    case 2:
        return world.now / turn < NEVER / turn ? (world.now / turn + 1) * turn : NEVER;
    default:
        return model_later(world.now > 500 ? world.now - 500 : 0, span);
    }
}
