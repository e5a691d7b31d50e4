/* What the report side knows of a thread: its number in the store of threads, the bounds of its
 * stack, and what it is busy with. */
#ifndef HF_REPORT_THREADS_H
#define HF_REPORT_THREADS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct hf_thread_self {
    uintptr_t stack_low; /* [low, high); both 0 if unknown */
    uintptr_t stack_high;
    uint32_t thread;        /* number in the store; 0 if there was no memory for it */
    bool met;               /* the fields above were asked for */
    bool loading_options;   /* guards against options that are needed while they are loaded */
    bool symbolizing;       /* guards against findings made by what symbolising calls */
    bool writing;           /* guards against findings made by what writing calls, and by signal
                               handlers that interrupt it */
    uintptr_t after_report; /* the report of AddressSanitizer's that it made, if it still lasts */
    uint32_t turns;         /* reports that it is making: see sanitizers.c */
    uint8_t hook_depth;     /* hooks that run on this thread now */
    uint32_t traced;        /* the thread's number that the trace was told */
} hf_thread_self;

/* Initial-exec: one load, also in a shared library. */
extern _Thread_local hf_thread_self hf_self __attribute__((tls_model("initial-exec")));

/* Fills hf_self in, once a thread.  May allocate (the system's look-up of stack bounds does), hence
 * not async-signal-safe: a thread should open or close a handle before its signal handlers do. */
void hf_thread_meet(void);

/* Looks the calling thread's id and name up again: it may have been named, or forked, since. */
uint32_t hf_thread_refresh(void);

/* From now on neither asks the system: the process has given up system calls.  Who was not met by
 * then stays unknown. */
void hf_thread_ask_no_more(void);

/* The name of a recorded thread; "" for 0.  Valid for ever. */
const char *hf_thread_name(uint32_t thread);

#endif
