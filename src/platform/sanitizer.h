/* The sanitizers' run-time libraries, where one is in the process: the only place that knows their
 * functions.  All are referred to weakly, so that the same binary of the library works with and
 * without them, gcc's and clang's, whether they came by a shared object or lie in the program.
 *
 * Without a runtime every function here does nothing and answers "no".  Unless said otherwise: any
 * thread; errno is the caller's to save. */
#ifndef HF_PLATFORM_SANITIZER_H
#define HF_PLATFORM_SANITIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- its options, its output, its end ------------------------------------------------------- */

/* The texts of options that its runtime reads, in that order: a later one counts.  NULL: there is
 * none of that number, which is below HF_SANITIZER_OPTIONS. */
enum { HF_SANITIZER_OPTIONS = 8 };
const char *hf_sanitizer_options(unsigned number);

/* Whether libFuzzer drives this process. */
bool hf_sanitizer_is_fuzzing(void);

/* Whether a log file is set; it is then opened, so only who will write there asks. */
bool hf_sanitizer_has_log(void);

/* Sets one, as its option log_path does. */
void hf_sanitizer_set_log(const char *path);

/* Writes a terminated text where it writes its own reports, with one write each HF_SANITIZER_PIECE
 * bytes or less.  The text is changed meanwhile.  Takes a spin lock of the runtime's.  Not
 * async-signal-safe. */
enum { HF_SANITIZER_PIECE = 15 << 10 };
void hf_sanitizer_write(char *text, size_t length);

/* Ends the process as the runtime does. */
_Noreturn void hf_sanitizer_exit(int code);

/* ---- names ---------------------------------------------------------------------------------- */

/* Writes the function, file and line of a call, each on a line of its own, for all functions that
 * are inlined there, innermost first, each terminated; an empty one ends them.  Takes a lock of the
 * runtime's, which it never holds when it calls anybody. */
bool hf_sanitizer_name(uintptr_t pc, char *text, size_t size);

/* ---- AddressSanitizer's reports ------------------------------------------------------------- */

/* Whether it has found an error, and not finished with its report.  It stays so for ever where the
 * process ends with the report. */
bool hf_sanitizer_is_reporting(void);

/* The stack pointer and the address of that error. */
uintptr_t hf_sanitizer_report_stack(void);
uintptr_t hf_sanitizer_report_address(void);

/* The block of the heap, in use or freed, that an address lies in or is attributed to. */
bool hf_sanitizer_block(uintptr_t address, uintptr_t *start, size_t *size);

/* Has each report followed by a call, on the thread that made it, with its report lock held. */
void hf_sanitizer_call_after_report(void (*function)(const char *report));

/* ---- memory --------------------------------------------------------------------------------- */

/* Whether this very byte must not be touched. */
bool hf_sanitizer_forbids(const void *address);

/* Tells the leak checker that there are pointers in this reserved memory, for ever. */
void hf_sanitizer_keep_roots(const void *address, size_t bytes);

/* Of functions that look at what is poisoned, in a library that is itself instrumented. */
#if defined(__SANITIZE_ADDRESS__)
#define HF_INSTRUMENTED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HF_INSTRUMENTED 1
#endif
#endif
#ifndef HF_INSTRUMENTED
#define HF_INSTRUMENTED 0
#endif
#if HF_INSTRUMENTED
#define HF_UNCHECKED __attribute__((no_sanitize_address))
#else
#define HF_UNCHECKED
#endif

__attribute__((weak)) void __asan_poison_memory_region(const volatile void *address, size_t bytes);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void *address,
                                                         size_t bytes);

/* Whether anybody checks what is poisoned. */
static inline bool hf_poisons(void)
{
    return __builtin_expect(__asan_poison_memory_region != NULL, 0);
}

/* Says that nobody but code without instruments may touch this memory, and that anybody may.  Whole
 * words only.  One predictable branch where there is no AddressSanitizer. */
static inline void hf_poison(const void *address, size_t bytes)
{
    if (hf_poisons())
        __asan_poison_memory_region(address, bytes);
}

static inline void hf_unpoison(const void *address, size_t bytes)
{
    if (hf_poisons())
        __asan_unpoison_memory_region(address, bytes);
}

#endif
