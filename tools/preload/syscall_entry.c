/* The entry of syscall.
 *
 * A call whose child shares this memory returns twice on one stack, or on another one: no frame of
 * ours may be left between.  So the entry is assembler that jumps: to the C library's function with
 * clone3, vfork, and clone where memory is shared, and with the others to ours. */
#include <stdarg.h>
#include <unistd.h>

#include "real.h"
#include "syscall.h"

RUN_EXPORT long syscall(long number, ...); /* NOLINT(readability-redundant-declaration) */

#if defined(__x86_64__)
/* vfork 58, clone3 435, clone 56 with CLONE_VM 0x100. */
__asm__(".pushsection .text\n"
        ".globl syscall\n"
        ".type syscall, @function\n"
        ".p2align 4\n"
        "syscall:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    cmpq $58, %rdi\n"
        "    je 2f\n"
        "    cmpq $435, %rdi\n"
        "    je 2f\n"
        "    cmpq $56, %rdi\n"
        "    jne 1f\n"
        "    testl $0x100, %esi\n"
        "    jnz 2f\n"
        "1:  jmp run_syscall\n"
        "2:  pushq %rdi\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    pushq %rsi\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    pushq %rdx\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    pushq %rcx\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    pushq %r8\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    pushq %r9\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    subq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    call run_plain_syscall\n"
        "    addq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %r9\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %r8\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %rcx\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %rdx\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %rsi\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %rdi\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    jmp *%rax\n"
        "    .cfi_endproc\n"
        ".size syscall, . - syscall\n"
        ".popsection\n");
#elif defined(__aarch64__)
/* clone3 435, clone 220 with CLONE_VM 0x100; there is no vfork. */
__asm__(".pushsection .text\n"
        ".globl syscall\n"
        ".type syscall, %function\n"
        ".p2align 4\n"
        "syscall:\n"
        "    .cfi_startproc\n"
        "    hint #34\n" /* bti c */
        "    cmp x0, #435\n"
        "    b.eq 2f\n"
        "    cmp x0, #220\n"
        "    b.ne 1f\n"
        "    tbnz x1, #8, 2f\n"
        "1:  b run_syscall\n"
        "2:  stp x29, x30, [sp, #-80]!\n"
        "    .cfi_def_cfa_offset 80\n"
        "    .cfi_offset x29, -80\n"
        "    .cfi_offset x30, -72\n"
        "    mov x29, sp\n"
        "    stp x0, x1, [sp, #16]\n"
        "    stp x2, x3, [sp, #32]\n"
        "    stp x4, x5, [sp, #48]\n"
        "    str x6, [sp, #64]\n"
        "    bl run_plain_syscall\n"
        "    mov x16, x0\n"
        "    ldp x0, x1, [sp, #16]\n"
        "    ldp x2, x3, [sp, #32]\n"
        "    ldp x4, x5, [sp, #48]\n"
        "    ldr x6, [sp, #64]\n"
        "    ldp x29, x30, [sp], #80\n"
        "    .cfi_def_cfa_offset 0\n"
        "    .cfi_restore x29\n"
        "    .cfi_restore x30\n"
        "    br x16\n"
        "    .cfi_endproc\n"
        ".size syscall, . - syscall\n"
        ".popsection\n");
#else
long syscall(long number, ...)
{
    long a[6];
    va_list rest;
    va_start(rest, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(rest, long);
    va_end(rest);
    return run_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
#endif
