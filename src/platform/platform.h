/* Everything that Holdfast asks of an operating system.  The only files with OS calls are the
 * implementations of this header and src/native.  No function here knows what a handle is.
 *
 * Unless said otherwise: any thread; async-signal-safe; preserves errno. */
#ifndef HF_PLATFORM_H
#define HF_PLATFORM_H

#include "platform/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- memory (posix_memory.c) ---------------------------------------------------------------- */

/* The granularity of commit, in bytes; a power of two. */
size_t hf_os_page_size(void);

/* Reserves address space that may not be touched yet.  NULL when there is none. */
void *hf_os_reserve(size_t bytes);

/* The same for a large array that is used from its beginning on, and densely: all but the first
 * HF_OS_SMALL_PART may get huge pages, which spare those who jump about in it the walk through the
 * page tables.  An array that stays smaller costs no more memory than by hf_os_reserve, a larger
 * one at most a huge page more for each place where it is being filled. */
void *hf_os_reserve_array(size_t bytes);
#define HF_OS_SMALL_PART ((size_t)4 << 20)

/* How much of such an array to commit, where `wanted` bytes from its beginning are to be used: a
 * huge page is only had if it is committed as a whole.  At least a page's multiple; not limited by
 * the size of the array. */
size_t hf_os_array_part(size_t wanted);

/* Makes [address, address + bytes) readable, writable and, the first time, zero.  Both are
 * multiples of the page size.  May be repeated, also by several threads at once.  False: out of
 * memory. */
bool hf_os_commit(void *address, size_t bytes);

/* Gives the contents of committed memory back to the system; it reads as zero afterwards. */
void hf_os_zero(void *address, size_t bytes);

void hf_os_unreserve(void *address, size_t bytes);

/* Whether `bytes` (at least one) can be read there at this moment: costs a system call a page
 * (linux_readable.c). */
bool hf_os_can_read(uintptr_t address, size_t bytes);

#ifdef HF_FAULT_INJECTION
/* For tests: the n-th hf_os_reserve or hf_os_commit from now on fails (1 is the next); 0 switches
 * it off.  Answers how many calls were counted since it was last set. */
uint64_t hf_os_fail_allocation(uint64_t nth);
#endif

/* ---- time, randomness (posix_misc.c); errors: error.h
 * ------------------------------------------------- */

int64_t hf_os_now_ns(void); /* monotonic */
uint64_t hf_os_random(void);

/* ---- waiting (linux_wait.c) ------------------------------------------------------------------ */

/* Sleeps while *word == expected, at most timeout_ns (> 0); may wake for no reason. */
void hf_os_wait(uint32_t *word, uint32_t expected, int64_t timeout_ns);
void hf_os_wake_all(uint32_t *word);

/* ---- a descriptor that polls readable from a moment on (linux_timer.c) ------------------------
 */

/* -1, with the error set: there is none to be had. */
int hf_os_timer_create(void);

/* From when on it polls readable, by hf_os_now_ns; INT64_MAX: never. */
void hf_os_timer_set(int timer, int64_t moment_ns);

/* In a forked child: makes the number a timer of the child's own; it was the parent's as well. */
bool hf_os_timer_renew(int timer);
void hf_os_timer_close(int timer);

/* ---- asymmetric barrier (linux_barrier.c) ---------------------------------------------------- */

/* Whether hf_os_barrier_heavy orders every thread's stores before its later loads, so that those
 * threads need no fence of their own.  False on systems and builds without such a barrier: then
 * both sides use a seq_cst fence.  Constant after the first call. */
bool hf_os_barrier_is_asymmetric(void);

/* When asymmetric: on return, every other thread of the process has executed a full memory barrier
 * since the call began.  Otherwise a seq_cst fence. */
void hf_os_barrier_heavy(void);

/* ---- threads (posix_thread.c) ---------------------------------------------------------------- */

uint64_t hf_os_thread_id(void); /* the system's */

/* The same as a number below 2^30, remembered by the thread: one load. */
extern __thread uint32_t hf_os_thread_number_ __attribute__((tls_model("initial-exec")));
uint32_t hf_os_thread_number_slow(void);
static inline uint32_t hf_os_thread_number(void)
{
    uint32_t number = hf_os_thread_number_;
    return __builtin_expect(number != 0, 1) ? number : hf_os_thread_number_slow();
}

/* Whether this is known to be the process's only thread (linux_threads.c). */
bool hf_os_is_single_threaded(void);

/* To be called in a forked child: its thread has another number. */
void hf_os_thread_renumber(void);

/* Whether a thread of this process has that number. */
bool hf_os_thread_lives(uint32_t number);

/* Writes the calling thread's name, always terminated; "" if it has none. */
enum { HF_OS_THREAD_NAME_SIZE = 16 };
void hf_os_thread_name(char *buffer, size_t size);

/* Calls `function(argument)` when the calling thread ends.  To be called again, with the same
 * function, if that is to happen again.  False: cannot be arranged.  Not async-signal-safe. */
bool hf_os_at_thread_exit(void (*function)(void *), void *argument);

/* Calls `prepare` before each fork, and `parent` and `child` after it, in the thread that forks
 * (not for vfork, posix_spawn, _Fork and clone).  Only the first call does anything; all are given
 * the same functions.  False: out of memory.  Not async-signal-safe. */
typedef struct hf_os_fork_handlers {
    void (*prepare)(void);
    void (*parent)(void);
    void (*child)(void);
} hf_os_fork_handlers;
bool hf_os_at_fork(const hf_os_fork_handlers *wanted);

/* The calling thread's stack as addresses [*low, *high).  False if unknown.  May allocate. */
bool hf_os_stack_bounds(uintptr_t *low, uintptr_t *high);

/* A thread of the library's own (posix_own_thread.c).  The struct stays where it is, unchanged,
 * until the thread was joined, or has ended after it was detached. */
typedef struct hf_os_thread {
    void (*function)(void *);
    void *argument;
    char name[HF_OS_THREAD_NAME_SIZE];
    uintptr_t system;
} hf_os_thread;

/* Starts one, with every signal blocked; `name` is cut.  False, with the error set: it cannot be.
 * These four are not async-signal-safe, and start allocates. */
bool hf_os_thread_start(hf_os_thread *thread, void (*function)(void *), void *argument,
                        const char *name);
void hf_os_thread_join(const hf_os_thread *thread);
void hf_os_thread_detach(const hf_os_thread *thread);
void hf_os_thread_detach_self(void);

/* ---- stacks and symbols (posix_stack.c, posix_symbols.c) ------------------------------------- */

/* The stack by the system's unwinder: slow (microseconds), may allocate.  Answers the count. */
size_t hf_os_unwind(uintptr_t *frames, size_t capacity);

/* ---- the stack by the tables that compilers leave for exceptions (linux_unwind.c) -------------
 */

/* Which words a walk read, besides the first return address: enough to tell, before the next walk
 * from there, that it would find the same.  In either list the offsets, in words above the site, go
 * upwards; and no word was read because of one that lies higher. */
enum { HF_OS_PLAIN, HF_OS_RELATIVE, HF_OS_TRAIL_LISTS }; /* the latter: distances from the site */
enum { HF_OS_TRAIL_MAX = 24 };
typedef struct hf_os_trail {
    bool whole; /* false: it read more, or what cannot be said in this way */
    uint32_t count[HF_OS_TRAIL_LISTS];
    uint16_t offsets[HF_OS_TRAIL_LISTS][HF_OS_TRAIL_MAX];
    uint64_t values[HF_OS_TRAIL_LISTS][HF_OS_TRAIL_MAX];
} hf_os_trail;

/* From where to walk, and how far. */
typedef struct hf_os_walk_from {
    uintptr_t site;       /* of a frame: its caller's frame pointer, and where it returns to */
    uintptr_t stack_low;  /* the bounds of the thread's stack; both 0 if they are unknown, */
    uintptr_t stack_high; /* and of no use if the site lies elsewhere: a coroutine's stack, say */
    bool afresh; /* look every function up again, instead of believing what is remembered */
} hf_os_walk_from;

/* Whether hf_os_walk does anything on this system. */
extern const bool hf_os_can_walk;

/* The return addresses from the site on, innermost first; also of code without frame pointers, and
 * through signal handlers.  Some nanoseconds a frame whose function was met before.  Takes no lock,
 * allocates nothing and reads nothing that is not mapped.  Answers the count. */
size_t hf_os_walk(const hf_os_walk_from *from, uintptr_t *frames, size_t capacity,
                  hf_os_trail *trail);

/* To be called after code was unloaded.  Who does not may get one wrong stack of code that was
 * loaded in the same place, unless he asks for it afresh. */
void hf_os_code_changed(void);

/* Whether an address lies in code that is loaded now. */
bool hf_os_is_code(uintptr_t address);

typedef struct hf_os_symbol {
    char function[256]; /* "" if unknown */
    char file[512];     /* "" if unknown */
    uint32_t line;      /* 0 if unknown */
    char module[512];   /* path of the object, "" if unknown */
    uint64_t offset;    /* of the address in the module */
    bool in_holdfast;   /* the address lies in this library's own code */
} hf_os_symbol;

/* Names a return address (the call before it).  Allocates and reads files; not async-signal-safe.
 * One thread at a time: callers serialise. */
void hf_os_symbolize(uintptr_t return_address, hf_os_symbol *out);

/* The same by a sanitizer's symbolizer alone: does not allocate by the C library's functions, and
 * takes no lock of its (before glibc 2.35: the dynamic linker's). */
void hf_os_symbolize_by_sanitizer(uintptr_t return_address, hf_os_symbol *out);

/* Gives back what hf_os_symbolize holds on to, descriptors above all.  Serialised with it. */
void hf_os_symbolize_end(void);

/* Only the module, the offset in it, and in_holdfast as far as those tell. */
void hf_os_locate(uintptr_t return_address, hf_os_symbol *out);

/* A loaded object file. */
typedef struct hf_os_module {
    uint64_t start; /* [start, end): where it lies */
    uint64_t end;
    uint64_t bias; /* its addresses in memory less those in its file */
    uint32_t id_bytes;
    unsigned char id[32]; /* its build id */
    bool is_library;      /* a shared object of Holdfast's own, with this code in it */
    char path[1024];      /* "" if unknown; cut */
} hf_os_module;

/* The one that an address lies in.  Takes no lock with glibc 2.35 and later.  Keeps the error. */
bool hf_os_module_find(uintptr_t address, hf_os_module *out);

/* ---- exit (posix_exit.c) --------------------------------------------------------------------- */

/* Calls `function` when the process exits, by exit or quick_exit: before what was registered until
 * now, after what will be.  False: cannot be arranged.  Takes a lock of the C library; not
 * async-signal-safe. */
bool hf_os_at_exit(void (*function)(void));

/* ---- process and output (posix_output.c) ----------------------------------------------------- */

uint64_t hf_os_process_id(void);

/* An environment variable, or NULL; always NULL in a set-user-id program. */
const char *hf_os_environment(const char *name);

/* A place to write to: standard error, or a file that is appended to. */
typedef struct hf_os_output {
    int descriptor;
} hf_os_output;
hf_os_output hf_os_standard_error(void);
bool hf_os_output_open(const char *path, hf_os_output *out);
void hf_os_output_close(hf_os_output output);
bool hf_os_output_is_terminal(hf_os_output output);
void hf_os_output_write(hf_os_output output, const char *text, size_t length);

/* Reads a whole file of at most `capacity` bytes.  Answers its length, or -1 with the error set. */
ptrdiff_t hf_os_read_file(const char *path, char *buffer, size_t capacity);

/* Writes a path of `length` bytes as an absolute one.  False, with the error set: it cannot be. */
bool hf_os_absolute_path(const char *path, size_t length, char *buffer, size_t size);

/* The text of a system error, in `buffer` or in static storage. */
const char *hf_os_error_text(int error, char *buffer, size_t size);

_Noreturn void hf_os_abort(void);

uint64_t hf_os_realtime_ns(void); /* since 1970 */

/* The system's id of the process that started this one. */
uint64_t hf_os_parent_id(void);

/* The path of the program that runs, "" if unknown, and its arguments, each ended by a zero; what
 * does not fit is cut.  Answers the arguments' bytes. */
void hf_os_program_path(char *buffer, size_t size);
size_t hf_os_arguments(char *buffer, size_t size);

/* ---- a file that processes share in memory (posix_shared.c) ----------------------------------
 *
 * No descriptor is kept: a program would see it, and close it.  The file grows by being opened
 * again by its path, which must still lead to the same file.  Room that has blocks can be written
 * without a fault, however full the disk gets. */
typedef struct hf_os_shared {
    char *memory; /* `capacity` bytes of address space */
    uint64_t capacity;
    uint64_t device; /* which file it is */
    uint64_t file;
    char path[1024]; /* absolute */
} hf_os_shared;

/* Makes a file, in place of one that may be there, with blocks for at least *allocated bytes, all
 * zero; as soon as `fill` has written to it, it is there under its path.  *allocated becomes what
 * it has.  False, with the error set: it cannot be, or the path leads to something other than a
 * file.  Not async-signal-safe. */
bool hf_os_shared_create(const char *path, uint64_t capacity, uint64_t *allocated,
                         void (*fill)(const hf_os_shared *file, const void *with), const void *with,
                         hf_os_shared *out);

/* Maps a file.  `judge` is shown its first HF_OS_SHARED_HEAD bytes, zeros where it has none, and
 * how long it was after they were read; it answers how many bytes to map, or 0 for refusal.  Not
 * async-signal-safe. */
enum { HF_OS_SHARED_HEAD = 128 };
bool hf_os_shared_open(const char *path, uint64_t (*judge)(const void *head, uint64_t bytes),
                       hf_os_shared *out);
void hf_os_shared_close(const hf_os_shared *file);

/* Whether a process has a file mapped, or open, to write to it; and `judge` would have it mapped.
 * False also where the system does not tell.  Not async-signal-safe. */
bool hf_os_shared_is_written(const char *path, uint64_t (*judge)(const void *head, uint64_t bytes));

/* Gets blocks for [from, to).  False, with the error set: no room, no right, no descriptor, it was
 * cut off before `from`, or the path leads elsewhere now.  May be repeated, also by several
 * processes at once. */
bool hf_os_shared_grow(const hf_os_shared *file, uint64_t from, uint64_t to);

/* Whether a process with that id is there. */
bool hf_os_process_lives(uint64_t id);

/* ---- ... and that is cut off meanwhile (posix_guard.c) --------------------------------------- */

/* From now on who touches the memory of a file that was cut off (or has no block on a full disk) is
 * not killed by SIGBUS: `lost` is called, which may do no more than a signal handler, and in place
 * of the file there is memory of the process alone.  For one file in the life of a process.  False:
 * the program has something else arranged for that signal.  A thread that has blocked it is killed
 * all the same. */
bool hf_os_guard(const hf_os_shared *file, void (*lost)(void));

/* The same, after the program has taken it away.  False also where there is no such file. */
bool hf_os_guard_again(void);

/* Whether that is the handler which this has set. */
bool hf_os_guard_is(uintptr_t handler);

#endif
