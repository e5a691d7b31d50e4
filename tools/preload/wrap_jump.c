/* Jumps: who jumps out of a signal handler leaves the calls that it interrupted.  One that jumps
 * within its handler is taken to leave them, too; then a close during that call goes unnoticed. */
#include <setjmp.h>

#include "real.h"
#include "uses.h"

#define WRAP_JUMP(name)                                                                    \
    RUN_DECLARE_REAL(void, name, (struct __jmp_buf_tag * to, int value))                   \
    RUN_EXPORT void name(struct __jmp_buf_tag to[1], int value) __attribute__((noreturn)); \
    RUN_EXPORT void name(struct __jmp_buf_tag to[1], int value)                            \
    {                                                                                      \
        run_use_leave_all();                                                               \
        RUN_REAL(name)(to, value);                                                         \
        __builtin_unreachable();                                                           \
    }
WRAP_JUMP(longjmp)
WRAP_JUMP(_longjmp)
WRAP_JUMP(siglongjmp)
WRAP_JUMP(__longjmp_chk)
