/* Options: one list, one word each, read with one relaxed load.
 *
 * A word holds the value plus 1; 0 means that HOLDFAST_OPTIONS was not read yet.  Whoever finds a 0
 * reads the environment himself and sets what is still 0 by compare-and-swap, so nobody waits for
 * anybody, and what hf_set_options set meanwhile stays. */
#ifndef HF_REPORT_OPTIONS_H
#define HF_REPORT_OPTIONS_H

#include <stdatomic.h>

#include <holdfast/report.h>

#ifdef NDEBUG
#define HF_LEVEL_BUILT_FOR 0
#else
#define HF_LEVEL_BUILT_FOR 1
#endif

#define HF_POLICY_VALUES "ignore|count|report|once|abort"
#define HF_FILE_VALUES   "FILE"

/* X(NAME, "key", "values", default, "help").  The kinds follow, each with a policy. */
#define HF_OPTIONS(X)                                                                              \
    X(LEVEL, "level", "0..3", HF_LEVEL_BUILT_FOR,                                                  \
      "what is recorded: 0 counters; 1 the stacks that opened and closed a handle; 2 a longer "    \
      "history; 3 the stack of every region and reference")                                        \
    X(STACK_DEPTH, "stack_depth", "1..64", 16, "frames of a recorded stack")                       \
    X(UNWIND, "unwind", "auto|fp|unwinder", HF_UNWIND_AUTO,                                        \
      "how stacks are taken: frame pointers, the system's unwinder (slow), or as it is best here") \
    X(SYMBOLIZE, "symbolize", "0|1", 1, "print functions, files and lines, not addresses only")    \
    X(FORMAT, "format", "text|json", HF_FORMAT_TEXT, "text, or a JSON object a line")              \
    X(COLOR, "color", "auto|always|never", HF_COLOR_AUTO, "auto: on a terminal")                   \
    X(LOG_PATH, "log_path", HF_FILE_VALUES, 0,                                                     \
      "the file that reports are appended to; %p stands for the process id; stderr")               \
    X(SUPPRESSIONS, "suppressions", HF_FILE_VALUES, 0,                                             \
      "a file of lines kind:glob; findings with such a function, file or module in a stack are "   \
      "only counted")                                                                              \
    X(TRACE, "trace", HF_FILE_VALUES, 0,                                                           \
      "the file that every opening, closing and finding is written to, for `holdfast report`; %p " \
      "stands for the process id")                                                                 \
    X(DESCRIBE, "describe", "0|1", 1,                                                              \
      "have AddressSanitizer's reports followed by the history of the handle whose value points "  \
      "there")                                                                                     \
    X(PRINT_ALL, "print_all", "0|1", 0, "report the same finding each time, not only once")        \
    X(ALL, "all", HF_POLICY_VALUES, HF_POLICY_REPORT, "the policy of every kind")                  \
    X(HELP, "help", "0|1", 0, "print this list")

enum { HF_UNWIND_AUTO, HF_UNWIND_FP, HF_UNWIND_UNWINDER };
enum { HF_FORMAT_TEXT, HF_FORMAT_JSON };
enum { HF_COLOR_AUTO, HF_COLOR_ALWAYS, HF_COLOR_NEVER };

typedef enum hf_option_key {
#define HF_OPTION_ENUMERATOR(NAME, key, values, initial, help) HF_OPTION_##NAME,
    HF_OPTIONS(HF_OPTION_ENUMERATOR)
#undef HF_OPTION_ENUMERATOR
        HF_OPTION_POLICIES,
    HF_OPTION_COUNT = HF_OPTION_POLICIES + HF_REPORT_KIND_COUNT
} hf_option_key;

#define HF_OPTION_POLICY(kind) ((hf_option_key)((unsigned)HF_OPTION_POLICIES + (unsigned)(kind)))

extern _Atomic uint32_t hf_option_words[HF_OPTION_COUNT];

/* Reads the environment and answers the option. */
uint32_t hf_option_load(hf_option_key key);

/* Lock-free.  Only the first call in a process may do more than load a word. */
static inline uint32_t hf_option(hf_option_key key)
{
    uint32_t word = atomic_load_explicit(&hf_option_words[key], memory_order_relaxed);
    return HF_LIKELY(word != 0) ? word - 1 : hf_option_load(key);
}

/* The same without reading the environment: UINT32_MAX if nobody has. */
static inline uint32_t hf_option_if_loaded(hf_option_key key)
{
    return atomic_load_explicit(&hf_option_words[key], memory_order_relaxed) - 1;
}

void hf_option_set(hf_option_key key, uint32_t value);

/* Reads HOLDFAST_OPTIONS if nobody has. */
void hf_options_load(void);

/* Sets every option to its default.  Before anything else was called: HOLDFAST_OPTIONS is then not
 * read, for a library that is in the process without the program's knowledge. */
void hf_options_default(void);

/* To be called after an option or the hook has changed: what was judged before may be judged
 * otherwise now. */
void hf_options_changed(void);

#endif
