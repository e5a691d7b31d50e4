/* The company of a sanitizer's runtime.
 *
 * AddressSanitizer writes a report in many pieces, and ends the process with it unless it was told
 * otherwise.  Whoever has a report of ours to write meanwhile waits for his turn; so that he does
 * not lose it, the thread that makes the sanitizer's report waits for him, in the callback at its
 * end.  Both look again every millisecond, both for at most five seconds, in which
 * symbols are read: neither hangs when the other
 * is stopped.  One word counts those who make, hold back or write a report, the other says that the
 * text is out; they may be read late, which costs a wait or a split report and nothing else. */
#include "report/sanitizers.h"

#include <string.h>

#include "platform/platform.h"
#include "platform/sanitizer.h"
#include "report/grammar.h"
#include "report/options.h"
#include "report/threads.h"

enum { DEFAULT_EXIT_CODE = 1 };
static const int64_t look_again_ns = 1000 * 1000;
static const int64_t patience_ns = INT64_C(5000) * 1000 * 1000;

static uint32_t turns; /* those that wait for a turn or have it */
static uint32_t is_out;

/* ---- options -------------------------------------------------------------------------------- */

static bool search(const char *text, const char *wanted, hf_token *value)
{
    hf_token key;
    hf_token found;
    bool any = false;
    for (;;) {
        switch (hf_grammar_next(&text, &key, &found)) {
        case HF_GRAMMAR_PAIR:
            if (hf_token_is(key, wanted, strlen(wanted))) {
                *value = found;
                any = true;
            }
            break;
        case HF_GRAMMAR_NO_VALUE: /* the runtime has its own opinion of it */
            break;
        default:
            return any;
        }
    }
}

/* The last word of the runtime's options on a key. */
static bool find_option(const char *key, hf_token *value)
{
    bool any = false;
    for (unsigned number = 0; number < HF_SANITIZER_OPTIONS; number++) {
        const char *text = hf_sanitizer_options(number);
        if (text != NULL)
            any |= search(text, key, value);
    }
    return any;
}

static bool find_number(const char *key, const char *values, uint32_t *out)
{
    hf_token value;
    return find_option(key, &value) && hf_grammar_value(values, value, out);
}

uint32_t hf_sanitizers_colour(void)
{
    uint32_t colour = HF_COLOR_AUTO;
    (void)find_number("color", "auto|always|never", &colour);
    return colour;
}

static bool is_word(hf_token token, const char *word)
{
    return hf_token_is(token, word, strlen(word));
}

/* gcc's UndefinedBehaviorSanitizer reads its options when it makes its first report, which may not
 * have been made: then it is told of its log file here. */
static bool opens_log(hf_token path)
{
    char text[1024];
    if (path.length == 0 || path.length >= sizeof text || is_word(path, "stderr"))
        return false;
    memcpy(text, path.text, path.length);
    text[path.length] = '\0';
    hf_sanitizer_set_log(text);
    return is_word(path, "stdout") || hf_sanitizer_has_log();
}

bool hf_sanitizers_write_elsewhere(void)
{
    hf_token path;
    if (hf_sanitizer_is_fuzzing() || hf_sanitizer_has_log())
        return true;
    return find_option("log_path", &path) && opens_log(path);
}

void hf_sanitizers_end_process(void)
{
    uint32_t code = DEFAULT_EXIT_CODE;
    uint32_t aborts = 0;
    bool asked = find_number("exitcode", "0..255", &code);
    asked |= find_number("abort_on_error", "0|1", &aborts);
    if (asked && aborts == 0 && !hf_sanitizer_is_fuzzing())
        hf_sanitizer_exit((int)code);
    hf_os_abort();
}

/* ---- turns ---------------------------------------------------------------------------------- */

/* A number for the report that there is, not 0. */
static uintptr_t this_report(void)
{
    return hf_sanitizer_report_stack() | 1;
}

void hf_sanitizers_report_is_here(void)
{
    hf_self.after_report = this_report();
}

/* From its callback on, a thread is in its report until there is none, or another one, for it may
 * have a callback at the end of the process as well.  Before, the stack of some errors tells. */
bool hf_sanitizers_are_reporting_here(void)
{
    if (!hf_sanitizer_is_reporting()) {
        hf_self.after_report = 0;
        return false;
    }
    if (hf_self.after_report == this_report())
        return true;
    uintptr_t stack = hf_sanitizer_report_stack();
    return stack >= hf_self.stack_low && stack < hf_self.stack_high;
}

static bool is_my_turn(void)
{
    return !hf_sanitizer_is_reporting() || __atomic_load_n(&is_out, __ATOMIC_RELAXED) != 0;
}

/* But for this thread, which may have been at a report itself. */
static bool nobody_waits(void)
{
    return __atomic_load_n(&turns, __ATOMIC_RELAXED) == hf_self.turns;
}

static void wait_until(bool (*is_so)(void))
{
    uint32_t nothing = 0;
    int64_t start = hf_os_now_ns();
    while (!is_so() && hf_os_now_ns() - start < patience_ns)
        hf_os_wait(&nothing, 0, look_again_ns);
}

void hf_sanitizers_turn_begin(void)
{
    hf_self.turns++;
    (void)__atomic_fetch_add(&turns, 1, __ATOMIC_RELAXED);
}

void hf_sanitizers_turn_await(void)
{
    if (!hf_sanitizers_are_reporting_here())
        wait_until(is_my_turn);
}

void hf_sanitizers_turn_end(void)
{
    (void)__atomic_fetch_sub(&turns, 1, __ATOMIC_RELAXED);
    hf_self.turns--;
}

void hf_sanitizers_report_is_out(void)
{
    __atomic_store_n(&is_out, 1u, __ATOMIC_RELAXED);
    wait_until(nobody_waits);
    __atomic_store_n(&is_out, 0u, __ATOMIC_RELAXED);
}

void hf_sanitizers_forked(void)
{
    __atomic_store_n(&turns, hf_self.turns, __ATOMIC_RELAXED);
    /* Whoever else was making a report is not in this process, and it stays present for ever. */
    __atomic_store_n(&is_out, hf_sanitizer_is_reporting() ? 1u : 0u, __ATOMIC_RELAXED);
}
