/* vfork.
 *
 * The child runs on its parent's stack, in its parent's memory, until it executes another program
 * or ends.  So a function that calls the real vfork cannot return in both: what the child then does
 * overwrites the frame that the parent is still to return through.  As in the C library, the return
 * address is in a register while the system call is made: the kernel keeps the registers of each.
 *
 * What else the parent needs afterwards is there as well: whether this thread was itself a vfork
 * child before (they nest).  Thus nothing is noted in memory that a child which is killed, or whose
 * own child still lives, could leave wrong.
 *
 * The child is known by run_self.is_vfork_child, which is set before the system call, because both
 * have the same run_self, and reset in the parent. */
#include <errno.h>
#include <unistd.h>

#include "environment.h"
#include "real.h"
#include "self.h"
#include "vfork.h"

unsigned long run_vfork_begin(void)
{
    bool before = run_self.is_vfork_child;
    run_self.is_vfork_child = true;
    return before;
}

/* The child's calls below the parent's frame, of which the last did not return, have left their
 * marks in the memory that AddressSanitizer keeps of the stack; its own vfork, before which this
 * one comes, would take them away. */
extern void __asan_handle_vfork(void *stack) __attribute__((weak));

long run_vfork_end(long result, unsigned long before, void *stack)
{
    if (__asan_handle_vfork != NULL)
        __asan_handle_vfork(stack);
    run_self.is_vfork_child = before != 0;
    if (before == 0)
        run_extend_forget();
    if (result >= 0)
        return result;
    errno = (int)-result;
    return -1;
}

RUN_EXPORT pid_t vfork(void); /* NOLINT(readability-redundant-declaration) */

#if defined(__x86_64__)
/* At the entry the stack is 8 off the alignment that a call wants. */
__asm__(".pushsection .text\n"
        ".globl vfork\n"
        ".type vfork, @function\n"
        ".p2align 4\n"
        "vfork:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    subq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    call run_vfork_begin\n"
        "    addq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    movq %rax, %rsi\n" /* the kernel clobbers rax, rcx and r11 alone */
        "    popq %rdi\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    .cfi_register %rip, %rdi\n"
        "    movl $58, %eax\n"
        "    syscall\n"
        "    pushq %rdi\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    .cfi_offset %rip, -8\n"
        "    testq %rax, %rax\n"
        "    jz 1f\n"
        "    movq %rax, %rdi\n"
        "    leaq 8(%rsp), %rdx\n"
        "    subq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    call run_vfork_end\n"
        "    addq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "1:  ret\n"
        "    .cfi_endproc\n"
        ".size vfork, . - vfork\n"
        ".popsection\n");
#elif defined(__aarch64__)
/* clone(CLONE_VFORK | CLONE_VM | SIGCHLD, 0): there is no other. */
__asm__(".pushsection .text\n"
        ".globl vfork\n"
        ".type vfork, %function\n"
        ".p2align 4\n"
        "vfork:\n"
        "    .cfi_startproc\n"
        "    hint #34\n" /* bti c */
        "    stp x29, x30, [sp, #-16]!\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset x29, -16\n"
        "    .cfi_offset x30, -8\n"
        "    mov x29, sp\n"
        "    bl run_vfork_begin\n"
        "    mov x9, x0\n" /* the kernel clobbers x0 alone */
        "    ldp x29, x30, [sp], #16\n"
        "    .cfi_def_cfa_offset 0\n"
        "    .cfi_restore x29\n"
        "    .cfi_restore x30\n"
        "    mov x0, #0x4111\n"
        "    mov x1, #0\n"
        "    mov x2, #0\n"
        "    mov x3, #0\n"
        "    mov x4, #0\n"
        "    mov x8, #220\n"
        "    svc #0\n"
        "    cbz x0, 1f\n"
        "    stp x29, x30, [sp, #-16]!\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset x29, -16\n"
        "    .cfi_offset x30, -8\n"
        "    mov x29, sp\n"
        "    mov x1, x9\n"
        "    add x2, sp, #16\n"
        "    bl run_vfork_end\n"
        "    ldp x29, x30, [sp], #16\n"
        "    .cfi_def_cfa_offset 0\n"
        "    .cfi_restore x29\n"
        "    .cfi_restore x30\n"
        "1:  ret\n"
        "    .cfi_endproc\n"
        ".size vfork, . - vfork\n"
        ".popsection\n");
#else
/* A child with memory of its own does all that a vfork child may do. */
pid_t vfork(void)
{
    return fork();
}
#endif
