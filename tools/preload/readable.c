/* Whether what the program hands over can be read. */
#include "readable.h"

#include <stdint.h>

#include "platform/platform.h"
#include "report/threads.h"
#include "self.h"

/* What lies above this frame on the thread's own stack is there. */
static bool is_above(uintptr_t frame, uintptr_t address, size_t bytes)
{
    return frame >= hf_self.stack_low && address > frame && address < hf_self.stack_high &&
           bytes <= hf_self.stack_high - address;
}

bool run_can_read(const void *address, size_t bytes)
{
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    return bytes == 0 || is_above(frame, (uintptr_t)address, bytes) ||
           (!run_is_confined() && hf_os_can_read((uintptr_t)address, bytes));
}
