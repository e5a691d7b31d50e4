/* Functions of the C library that open files and sockets for themselves, and fail where no number
 * is free, or come to another result: before each, the quarantine gives way if need be.
 *
 * All of them are entries in assembler that jump to the C library's function, with arguments and
 * return address as they are: dlopen looks at that to tell whose search path counts, and who is to
 * be asked first.  None has arguments in floating-point registers.  What an entry jumps to is
 * looked up when it is first called: no signal handler calls such functions, and starting is the
 * faster. */
#include <stddef.h>

#include "real.h"
#include "room.h"

/* How many they have open at once: a configuration, a data base, and a socket or two. */
enum { AT_ONCE = 4 };

void *run_lookup_begin(run_real_function *real);

__attribute__((used)) void *run_lookup_begin(run_real_function *real)
{
    void *found = __atomic_load_n(&real->found, __ATOMIC_RELAXED);
    run_make_room_for(AT_ONCE);
    if (found == NULL) {
        found = run_find_real(real->symbol);
        __atomic_store_n(&real->found, found, __ATOMIC_RELAXED);
    }
    return found;
}

/* The entry's run_real_function, behind its name. */
#define NAMED(name)                            \
    ".pushsection .rodata\n"                   \
    "run_lookup_name_" #name ":\n"             \
    "    .asciz \"" #name "\"\n"               \
    ".popsection\n"                            \
    ".pushsection .data.rel.local, \"aw\"\n"   \
    ".p2align 3\n"                             \
    "run_lookup_" #name ":\n"                  \
    "    .quad run_lookup_name_" #name ", 0\n" \
    ".popsection\n"

#if defined(__x86_64__) && defined(__LP64__)
/* At the entry the stack is 8 off the alignment that a call wants. */
#define LOOKUP(name)                                                  \
    __asm__(NAMED(name) ".pushsection .text\n"                        \
                        ".globl " #name "\n"                          \
                        ".type " #name ", @function\n"                \
                        ".p2align 4\n" #name ":\n"                    \
                        "    .cfi_startproc\n"                        \
                        "    endbr64\n"                               \
                        "    subq $56, %rsp\n"                        \
                        "    .cfi_adjust_cfa_offset 56\n"             \
                        "    movq %rdi, (%rsp)\n"                     \
                        "    movq %rsi, 8(%rsp)\n"                    \
                        "    movq %rdx, 16(%rsp)\n"                   \
                        "    movq %rcx, 24(%rsp)\n"                   \
                        "    movq %r8, 32(%rsp)\n"                    \
                        "    movq %r9, 40(%rsp)\n"                    \
                        "    leaq run_lookup_" #name "(%rip), %rdi\n" \
                        "    call run_lookup_begin\n"                 \
                        "    movq (%rsp), %rdi\n"                     \
                        "    movq 8(%rsp), %rsi\n"                    \
                        "    movq 16(%rsp), %rdx\n"                   \
                        "    movq 24(%rsp), %rcx\n"                   \
                        "    movq 32(%rsp), %r8\n"                    \
                        "    movq 40(%rsp), %r9\n"                    \
                        "    addq $56, %rsp\n"                        \
                        "    .cfi_adjust_cfa_offset -56\n"            \
                        "    jmp *%rax\n"                             \
                        "    .cfi_endproc\n"                          \
                        ".size " #name ", . - " #name "\n"            \
                        ".popsection\n");
#elif defined(__aarch64__)
#define LOOKUP(name)                                                   \
    __asm__(NAMED(name) ".pushsection .text\n"                         \
                        ".globl " #name "\n"                           \
                        ".type " #name ", %function\n"                 \
                        ".p2align 4\n" #name ":\n"                     \
                        "    .cfi_startproc\n"                         \
                        "    hint #34\n" /* bti c */                   \
                        "    stp x29, x30, [sp, #-80]!\n"              \
                        "    .cfi_def_cfa_offset 80\n"                 \
                        "    .cfi_offset x29, -80\n"                   \
                        "    .cfi_offset x30, -72\n"                   \
                        "    mov x29, sp\n"                            \
                        "    stp x0, x1, [sp, #16]\n"                  \
                        "    stp x2, x3, [sp, #32]\n"                  \
                        "    stp x4, x5, [sp, #48]\n"                  \
                        "    stp x6, x7, [sp, #64]\n"                  \
                        "    adrp x0, run_lookup_" #name "\n"          \
                        "    add x0, x0, :lo12:run_lookup_" #name "\n" \
                        "    bl run_lookup_begin\n"                    \
                        "    mov x16, x0\n"                            \
                        "    ldp x0, x1, [sp, #16]\n"                  \
                        "    ldp x2, x3, [sp, #32]\n"                  \
                        "    ldp x4, x5, [sp, #48]\n"                  \
                        "    ldp x6, x7, [sp, #64]\n"                  \
                        "    ldp x29, x30, [sp], #80\n"                \
                        "    .cfi_def_cfa_offset 0\n"                  \
                        "    .cfi_restore x29\n"                       \
                        "    .cfi_restore x30\n"                       \
                        "    br x16\n"                                 \
                        "    .cfi_endproc\n"                           \
                        ".size " #name ", . - " #name "\n"             \
                        ".popsection\n");
#endif

#ifdef LOOKUP
LOOKUP(dlopen)
LOOKUP(dlmopen)
LOOKUP(getaddrinfo)
LOOKUP(getnameinfo)
LOOKUP(gethostbyname)
LOOKUP(gethostbyname_r)
LOOKUP(gethostbyname2)
LOOKUP(gethostbyname2_r)
LOOKUP(gethostbyaddr)
LOOKUP(gethostbyaddr_r)
LOOKUP(getservbyname)
LOOKUP(getservbyname_r)
LOOKUP(getservbyport)
LOOKUP(getservbyport_r)
LOOKUP(getprotobyname)
LOOKUP(getprotobynumber)
LOOKUP(getpwnam)
LOOKUP(getpwnam_r)
LOOKUP(getpwuid)
LOOKUP(getpwuid_r)
LOOKUP(getgrnam)
LOOKUP(getgrnam_r)
LOOKUP(getgrgid)
LOOKUP(getgrgid_r)
LOOKUP(getgrouplist)
LOOKUP(initgroups)
LOOKUP(getifaddrs)
LOOKUP(if_nameindex)
LOOKUP(if_nametoindex)
LOOKUP(if_indextoname)
LOOKUP(iconv_open)
LOOKUP(setlocale)
LOOKUP(newlocale)
#endif
