/* Whether what the program hands over can be read.
 *
 * What nobody unmaps needs not be asked for: the stack above the present frame, the program's data,
 * and the heap up to the break, of which the C library keeps account.  Once the program forbids
 * itself to read some of that by mprotect, as tests of faults do, the system is asked there, too.
 * (What it puts there by mmap is not noticed.) */
#include "readable.h"

#include <stdint.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "platform/platform.h"
#include "platform/symbols.h"
#include "report/threads.h"
#include "self.h"

static uintptr_t data_low;
static uintptr_t data_high;
static uintptr_t heap_low = UINTPTR_MAX;
static uint32_t some_is_forbidden;

static uintptr_t heap_high(void)
{
    return (uintptr_t)sbrk(0);
}

void run_readable_start(void)
{
    hf_object program;
    heap_low = heap_high();
    if (!hf_object_find(getauxval(AT_ENTRY), &program))
        return;
    for (size_t i = 0; i < program.segment_count; i++) {
        const ElfW(Phdr) *segment = &program.segments[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) != 0) {
            data_low = program.bias + segment->p_vaddr;
            data_high = data_low + segment->p_memsz;
        }
    }
}

static bool lies_in(uintptr_t address, size_t bytes, uintptr_t low, uintptr_t high)
{
    return address >= low && address < high && bytes <= high - address;
}

static bool is_on_own_stack(uintptr_t address, size_t bytes)
{
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    return frame >= hf_self.stack_low && lies_in(address, bytes, frame, hf_self.stack_high);
}

static bool overlaps(uintptr_t address, size_t bytes, uintptr_t low, uintptr_t high)
{
    return address < high && bytes > 0 && (address >= low || bytes > low - address);
}

void run_readable_forbidden(const void *pointer, size_t bytes)
{
    uintptr_t address = (uintptr_t)pointer;
    if (overlaps(address, bytes, data_low, data_high) ||
        overlaps(address, bytes, heap_low, heap_high()) ||
        overlaps(address, bytes, hf_self.stack_low, hf_self.stack_high))
        __atomic_store_n(&some_is_forbidden, 1, __ATOMIC_RELAXED);
}

static bool is_known(uintptr_t address, size_t bytes)
{
    return __atomic_load_n(&some_is_forbidden, __ATOMIC_RELAXED) == 0 &&
           (is_on_own_stack(address, bytes) || lies_in(address, bytes, data_low, data_high) ||
            lies_in(address, bytes, heap_low, heap_high()));
}

bool run_can_read(const void *pointer, size_t bytes)
{
    uintptr_t address = (uintptr_t)pointer;
    return bytes == 0 || is_known(address, bytes) ||
           (!run_is_confined() && hf_os_can_read(address, bytes));
}
