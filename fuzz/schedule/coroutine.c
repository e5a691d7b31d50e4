#include "coroutine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#endif
#ifdef UNDER_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

enum { STACK_SIZE = 1 << 17 };

/* Set by the linker: the library's thread-local variables. */
extern char __start_schedule_locals[];
extern char __stop_schedule_locals[];
static char initial_locals[COROUTINE_LOCALS];

/* The one that was left last, and the one that runs. */
static coroutine *left;
static coroutine *running;

static size_t locals_size(void)
{
    return (size_t)(__stop_schedule_locals - __start_schedule_locals);
}

/* As they are when the program begins: the library is linked in, and nobody has called it yet. */
__attribute__((constructor)) static void keep_initial_locals(void)
{
    if (locals_size() > COROUTINE_LOCALS)
        abort();
    memcpy(initial_locals, __start_schedule_locals, locals_size());
}

/* ---- what AddressSanitizer is told ---------------------------------------------------------- */

static void leave_stack(void **fake_stack, const coroutine *to)
{
#ifdef UNDER_ASAN
    __sanitizer_start_switch_fiber(fake_stack, to->stack, to->stack_size);
#else
    (void)fake_stack;
    (void)to;
#endif
}

static void enter_stack(void)
{
#ifdef UNDER_ASAN
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(running->fake_stack, &bottom, &size);
    if (left->stack == NULL) {
        left->stack = (char *)(uintptr_t)bottom; /* where the program began */
        left->stack_size = size;
    }
#endif
}

/* ---- changing ------------------------------------------------------------------------------- */

static char *make_stack(void)
{
    void *made = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made == MAP_FAILED)
        abort();
    return made;
}

void coroutine_make(coroutine *made, void (*function)(void))
{
    if (made->stack == NULL)
        made->stack = make_stack();
    made->stack_size = STACK_SIZE;
    made->fake_stack = NULL;
    made->error = 0;
    memcpy(made->locals, initial_locals, locals_size());
    (void)getcontext(&made->context);
    made->context.uc_stack.ss_sp = made->stack;
    made->context.uc_stack.ss_size = STACK_SIZE;
    made->context.uc_link = NULL;
    makecontext(&made->context, function, 0);
}

static void change(coroutine *from, coroutine *to, void **fake_stack)
{
    memcpy(from->locals, __start_schedule_locals, locals_size());
    memcpy(__start_schedule_locals, to->locals, locals_size());
    from->error = errno;
    left = from;
    running = to;
    leave_stack(fake_stack, to);
    (void)swapcontext(&from->context, &to->context);
    enter_stack();
    errno = running->error;
}

void coroutine_change(coroutine *from, coroutine *to)
{
    change(from, to, &from->fake_stack);
}

void coroutine_end(coroutine *from, coroutine *to)
{
    change(from, to, NULL);
}

void coroutine_begin(void)
{
    enter_stack();
    errno = running->error;
}
