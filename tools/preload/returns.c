/* See returns.h.  To the place here the compiler jumps instead of returning. */
#include "returns.h"

#include <stdint.h>

uint8_t run_jumps_back; /* for the assembler below */

#if defined(__x86_64__)
static bool has_shadow_stack(void)
{
    uint64_t top = 0;
    __asm__("rdsspq %0" : "+r"(top)); /* does nothing where there is none */
    return top != 0;
}

/* In rcx there is no result, and nothing that is kept for the caller. */
__asm__(".pushsection .text\n"
        ".globl __x86_return_thunk\n"
        ".hidden __x86_return_thunk\n"
        ".type __x86_return_thunk, @function\n"
        ".p2align 4\n"
        "__x86_return_thunk:\n"
        "    .cfi_startproc\n"
        "    cmpb $0, run_jumps_back(%rip)\n"
        "    je 1f\n"
        "    .cfi_remember_state\n"
        "    popq %rcx\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    .cfi_register %rip, %rcx\n"
        "    jmp *%rcx\n"
        "    .cfi_restore_state\n"
        "1:  ret\n"
        "    .cfi_endproc\n"
        ".size __x86_return_thunk, . - __x86_return_thunk\n"
        ".popsection\n");
#else
static bool has_shadow_stack(void)
{
    return true; /* nobody asks */
}
#endif

void run_returns_by_jump(bool jump)
{
    run_jumps_back = jump && !has_shadow_stack();
}
