/* What the preloaded library knows of this process and of the calling thread.
 *
 * The order of things.  The library's constructor, which comes before those of all others, starts
 * it (run_start; what is called before that passes untracked): it joins the trace, reads the
 * settings from the trace's header, makes the table, installs the report hook and takes its own
 * variables out of the environment.  If anything of that fails the library stays off, and every
 * wrapper only calls the real function. Until it is on, and while a thread is inside the library
 * itself (`inside`), wrappers do the same. */
#ifndef RUN_SELF_H
#define RUN_SELF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/single_threaded.h>

#include <holdfast/holdfast.h>

/* X(NAME, "key", default, "help"): what the traced processes read from the trace's settings. */
#define RUN_SETTINGS(X)                                                             \
    X(QUARANTINE, "quarantine", 256,                                                \
      "how many closed descriptors are kept from being used again, 0 for none")     \
    X(FOLLOW, "follow", 1, "look into child processes that execute other programs") \
    X(LEAKS, "leaks", 0, "report what is open when a process exits")                \
    X(HALT_ON_ERROR, "halt_on_error", 0, "abort the process at its first finding")  \
    X(STACK_DEPTH, "stack_depth", 16, "frames of a recorded stack")                 \
    X(PROBES, "probes", 0, "report fcntl(F_GETFD) and the like on closed descriptors, too")

/* Among the settings, but not for users: whether wrappers jump back (returns.h), 0 or 1. */
#define RUN_JUMP_BACK "jump_back"

typedef enum run_setting {
#define RUN_SETTING_ENUMERATOR_(NAME, key, initial, help) RUN_##NAME,
    RUN_SETTINGS(RUN_SETTING_ENUMERATOR_)
#undef RUN_SETTING_ENUMERATOR_
        RUN_SETTING_COUNT
} run_setting;

/* The name of the environment variable that holds the trace's path for programs to be executed. */
#define RUN_VARIABLE "HOLDFAST_RUN"

typedef struct run_process {
    uint32_t on; /* 1: descriptors are tracked; loaded acquire by run_is_on */
    bool forked; /* by fork, and has not executed since */
    uint32_t
        confined; /* 1: it has given up system calls, so none is made that it does not ask for */
    hf_table *table;
    uint32_t settings[RUN_SETTING_COUNT];
    char trace_path[1024];   /* absolute */
    char library_path[1024]; /* this library's, absolute */
} run_process;
extern run_process run_this_process;

/* An open run of like calls on neighbouring descriptors: see runs.h. */
typedef struct run_series {
    const void *site; /* the last call's return address */
    uint8_t operation;
    int8_t direction;
    bool classified; /* known for a loop over the whole table, or for a shell: silent */
    bool saw_unknown;
    bool went_back; /* to an earlier place in the code, or the same: there is a loop */
    int last;
    uint32_t length;
    uint32_t findings;
} run_series;

typedef struct run_thread {
    uint32_t inside;     /* depth of the library's own work on this thread */
    bool is_vfork_child; /* between vfork and exec: shares the parent's memory, is left alone */
    int last_closed;     /* what this thread closed last, -1: something else came after it */
    run_series series;
    uint32_t call_record;    /* the thread's record when it entered its first call: see uses.c */
    struct run_calls *calls; /* that record's */
} run_thread;
extern __thread run_thread run_self __attribute__((tls_model("initial-exec")));

void run_start(char **arguments, char **environment);

static inline bool run_is_confined(void)
{
    return __atomic_load_n(&run_this_process.confined, __ATOMIC_RELAXED) != 0;
}

/* Whether there is anything to keep right: also while this thread is inside the library's own work,
 * which a signal handler may have interrupted. */
static inline bool run_has_numbers(void)
{
    return __atomic_load_n(&run_this_process.on, __ATOMIC_ACQUIRE) != 0 && !run_self.is_vfork_child;
}

/* Whether the process has no other thread that the C library knows of. */
#ifdef HF_FAULT_INJECTION
extern bool run_alone_now; /* as tests will have it: their process always has others */
static inline bool run_is_alone(void)
{
    return run_alone_now;
}
#else
static inline bool run_is_alone(void)
{
    return __libc_single_threaded != 0;
}
#endif

/* Whether this call is to be tracked. */
static inline bool run_is_on(void)
{
    /* Acquire: the process's fields are written.  Partner: the release at the end of run_start. */
    return __atomic_load_n(&run_this_process.on, __ATOMIC_ACQUIRE) != 0 && run_self.inside == 0 &&
           !run_self.is_vfork_child;
}

#endif
