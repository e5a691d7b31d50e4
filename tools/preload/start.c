/* Starting and ending: the library's constructor, and what is told at exit.
 *
 * The constructor runs before those of all other objects (DF_1_INITFIRST), maybe before the C
 * library has set `environ`; hence the array that the dynamic linker hands over.  Nothing here may
 * make the program fail: what cannot be had leaves the library off. */
#include <errno.h>
#include <string.h>

#include "environment.h"
#include "findings.h"
#include "leaks.h"
#include "numbers.h"
#include "platform/symbols.h"
#include "process.h"
#include "quarantine.h"
#include "readable.h"
#include "real.h"
#include "report/grammar.h"
#include "report/options.h"
#include "report/trace.h"
#include "returns.h"
#include "runs.h"
#include "self.h"
#include "site.h"
#include "table.h"
#include "uses.h"

run_process run_this_process;
__thread run_thread run_self = {.last_closed = -1, .calls = &run_no_calls};
uintptr_t run_code_low;
uintptr_t run_code_high;

typedef struct setting_text {
    const char *key;
    uint32_t initial;
} setting_text;

#define SETTING_TEXT(NAME, key, initial, help) {key, initial},
static const setting_text settings[RUN_SETTING_COUNT] = {RUN_SETTINGS(SETTING_TEXT)};

static void read_setting(hf_token key, hf_token value)
{
    uint32_t number;
    for (unsigned i = 0; i < RUN_SETTING_COUNT; i++)
        if (hf_token_is(key, settings[i].key, strlen(settings[i].key)) &&
            hf_grammar_value("0..1000000", value, &number))
            run_this_process.settings[i] = number;
    if (hf_token_is(key, RUN_JUMP_BACK, strlen(RUN_JUMP_BACK)) &&
        hf_grammar_value("0..1", value, &number))
        run_returns_by_jump(number != 0);
}

/* Whoever made the trace has checked them: what is not understood is skipped. */
static void read_settings(const char *text)
{
    hf_token key;
    hf_token value;
    hf_grammar_answer answer;
    for (unsigned i = 0; i < RUN_SETTING_COUNT; i++)
        run_this_process.settings[i] = settings[i].initial;
    while ((answer = hf_grammar_next(&text, &key, &value)) != HF_GRAMMAR_END)
        if (answer == HF_GRAMMAR_PAIR)
            read_setting(key, value);
}

/* Where the library's code lies. */
static bool find_code(void)
{
    hf_object object;
    if (!hf_object_find((uintptr_t)&run_start, &object))
        return false;
    for (size_t i = 0; i < object.segment_count; i++) {
        const ElfW(Phdr) *segment = &object.segments[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0) {
            run_code_low = object.bias + segment->p_vaddr;
            run_code_high = run_code_low + segment->p_memsz;
        }
    }
    return true;
}

/* After all destructors: registered for no object, and before the dynamic linker's own. */
static void end(void *argument)
{
    (void)argument;
    if (!run_is_on())
        return;
    run_series_break();
    if (run_this_process.settings[RUN_LEAKS] != 0)
        run_leaks_report();
    run_process_ends();
}

/* Unlike atexit's, it is not bound to this library's end. */
int __cxa_atexit(void (*function)(void *), void *argument, void *object);

static bool join(char **arguments, char **environment)
{
    run_process *process = &run_this_process;
    if (!run_environment_take(environment, process->trace_path, sizeof process->trace_path))
        return false;
    hf_options_default();
    if (!hf_trace_attach(process->trace_path))
        return false;
    if ((hf_trace_wants() & HF_TRACE_WANTS_EVENTS) != 0)
        (void)hf_trace_guard(); /* nobody knows the others' names */
    read_settings(hf_trace_header_now()->settings);
    hf_option_set(HF_OPTION_STACK_DEPTH, process->settings[RUN_STACK_DEPTH]);
    if (!find_code() || !run_numbers_start() || !run_table_make(RUN_TABLE_OTHERS) ||
        __cxa_atexit(end, NULL, NULL) != 0 || !run_process_start())
        return false;
    run_find_all_real();
    run_readable_start();
    run_findings_start();
    run_quarantine_start();
    hf_trace_process_begins(HF_TRACE_STARTED, arguments);
    return true;
}

void run_start(char **arguments, char **environment)
{
    int saved = errno;
    run_self.inside++;
    bool joined = join(arguments, environment);
    run_self.inside--;
    /* Release: everything above.  Partner: the acquire in run_is_on. */
    __atomic_store_n(&run_this_process.on, joined ? 1u : 0u, __ATOMIC_RELEASE);
    errno = saved;
}

/* The run-time library of a program that has it linked in statically would come after this
 * constructor; what its stand-ins for the C library's functions need, it makes here.  May execute
 * the program anew, with the environment as it is. */
void __tsan_init(void) __attribute__((weak));
void __msan_init(void) __attribute__((weak));

static void start_sanitizers(void)
{
    if (__tsan_init != NULL)
        __tsan_init();
    if (__msan_init != NULL)
        __msan_init();
}

__attribute__((constructor)) static void begin(int count, char **arguments, char **environment)
{
    (void)count;
    start_sanitizers();
    run_start(arguments, environment);
}
