/* Options: from HOLDFAST_OPTIONS and hf_set_options, told about when they are wrong. */
#include "report/options.h"

#include <string.h>

#include "core/event.h"
#include "platform/platform.h"
#include "report/buffer.h"
#include "report/grammar.h"
#include "report/output.h"
#include "report/suppressions.h"
#include "report/threads.h"
#include "report/trace_option.h"

_Atomic uint32_t hf_option_words[HF_OPTION_COUNT];
uint32_t hf_event_epoch_now;
static uint32_t changes;

typedef struct option_text {
    const char *key;
    const char *values;
    uint32_t initial;
    const char *help;
} option_text;

#define OPTION_TEXT(NAME, key, values, initial, help) {key, values, initial, help},
#define KIND_TEXT(NAME, number, name, meaning, advice) \
    {name, HF_POLICY_VALUES, HF_POLICY_REPORT, "policy of: " meaning},

static const option_text options[HF_OPTION_COUNT] = {HF_OPTIONS(OPTION_TEXT)
                                                         HF_REPORT_KINDS(KIND_TEXT)};

/* What one text of options asks for: each value plus 1, 0 where it asks for nothing. */
typedef struct wishes {
    uint32_t words[HF_OPTION_COUNT];
    hf_token log_path; /* text NULL: not asked for */
    hf_token suppressions;
    hf_token trace;
    bool refused; /* something was skipped */
} wishes;

/* The key as it is written in options: with underscores. */
static void spell(hf_buffer *out, const char *key)
{
    for (; *key != '\0'; key++)
        hf_buffer_add(out, *key == '-' ? "_" : key, 1);
}

static void tell_keys(void)
{
    char text[1024];
    hf_buffer list = HF_BUFFER(text);
    for (unsigned i = 0; i < HF_OPTION_COUNT; i++) {
        hf_buffer_add(&list, " ", 1);
        spell(&list, options[i].key);
    }
    hf_tell_once("known options:%s (help=1 explains them)", hf_buffer_end(&list));
}

static void describe_value(hf_buffer *out, hf_option_key key)
{
    uint32_t value = hf_option(key);
    const char *values = options[key].values;
    if (key == HF_OPTION_LOG_PATH) {
        hf_buffer_print(out, "%s", hf_output_log_path());
    } else if (key == HF_OPTION_SUPPRESSIONS) {
        hf_buffer_print(out, "%s", hf_suppressions_path());
    } else if (key == HF_OPTION_TRACE) {
        hf_buffer_print(out, "%s", hf_trace_option_path());
    } else if (strchr(values, '|') == NULL) {
        hf_buffer_print(out, "%u", value);
    } else {
        while (value-- > 0)
            values = strchr(values, '|') + 1;
        hf_buffer_add(out, values, strcspn(values, "|"));
    }
}

static void print_help(void)
{
    hf_tell("options, as key=value:key=value in HOLDFAST_OPTIONS or for hf_set_options:");
    for (unsigned i = 0; i < HF_OPTION_COUNT; i++) {
        char text[1024];
        hf_buffer line = HF_BUFFER(text);
        spell(&line, options[i].key);
        hf_buffer_print(&line, "=%s (now: ", options[i].values);
        describe_value(&line, (hf_option_key)i);
        hf_tell("    %s)\n        %s", hf_buffer_end(&line), options[i].help);
    }
}

static bool find_key(hf_token token, hf_option_key *key)
{
    for (unsigned i = 0; i < HF_OPTION_COUNT; i++) {
        if (hf_token_is(token, options[i].key, strlen(options[i].key))) {
            *key = (hf_option_key)i;
            return true;
        }
    }
    return false;
}

static void refuse(wishes *into, const char *what, hf_token token, const char *remedy)
{
    int length = token.length < 200 ? (int)token.length : 200;
    into->refused = true;
    hf_tell_once("options: %s '%.*s'%s", what, length, token.text, remedy);
}

static void wish(wishes *into, hf_token key_text, hf_token value_text)
{
    hf_option_key key;
    uint32_t value;
    if (!find_key(key_text, &key)) {
        refuse(into, "there is no option", key_text, ", skipped");
        tell_keys();
    } else if (key == HF_OPTION_LOG_PATH) {
        into->log_path = value_text;
    } else if (key == HF_OPTION_SUPPRESSIONS) {
        into->suppressions = value_text;
    } else if (key == HF_OPTION_TRACE) {
        into->trace = value_text;
    } else if (!hf_grammar_value(options[key].values, value_text, &value)) {
        char text[128];
        hf_buffer remedy = HF_BUFFER(text);
        hf_buffer_print(&remedy, ", skipped: %s=%s", options[key].key, options[key].values);
        refuse(into, "malformed value", value_text, hf_buffer_end(&remedy));
        tell_keys();
    } else {
        into->words[key] = value + 1;
        for (unsigned i = HF_OPTION_POLICIES; key == HF_OPTION_ALL && i < HF_OPTION_COUNT; i++)
            into->words[i] = value + 1;
    }
}

static void parse(const char *text, wishes *into)
{
    hf_token key;
    hf_token value;
    for (;;) {
        switch (hf_grammar_next(&text, &key, &value)) {
        case HF_GRAMMAR_END:
            return;
        case HF_GRAMMAR_PAIR:
            wish(into, key, value);
            break;
        case HF_GRAMMAR_NO_VALUE:
            refuse(into, "no value for", key, ", skipped: key=value is expected");
            tell_keys();
            break;
        case HF_GRAMMAR_NO_QUOTE:
            refuse(into, "no closing quote after", key, ", skipped");
            tell_keys();
            break;
        }
    }
}

/* Files are set first: whoever sees a word set may then rely on them. */
static bool set_files(const wishes *asked, bool replace)
{
    bool log_path = hf_output_set_log_path(asked->log_path, replace);
    bool suppressions = hf_suppressions_set(asked->suppressions, replace);
    return hf_trace_option_set(asked->trace) && suppressions && log_path;
}

void hf_options_load(void)
{
    wishes asked = {0};
    bool first = false;
    if (hf_self.loading_options)
        return;
    hf_self.loading_options = true;
    const char *text = hf_os_environment("HOLDFAST_OPTIONS");
    parse(text != NULL ? text : "", &asked);
    (void)set_files(&asked, false);
    for (unsigned i = 0; i < HF_OPTION_COUNT; i++) {
        uint32_t unset = 0;
        uint32_t word = asked.words[i] != 0 ? asked.words[i] : options[i].initial + 1;
        /* Relaxed: each word stands for itself. */
        first |= atomic_compare_exchange_strong_explicit(
            &hf_option_words[i], &unset, word, memory_order_relaxed, memory_order_relaxed);
    }
    hf_self.loading_options = false;
    hf_options_changed();
    if (first && asked.words[HF_OPTION_HELP] == 2)
        print_help();
}

void hf_options_default(void)
{
    for (unsigned i = 0; i < HF_OPTION_COUNT; i++)
        atomic_store_explicit(&hf_option_words[i], options[i].initial + 1, memory_order_relaxed);
    hf_options_changed();
}

uint32_t hf_option_load(hf_option_key key)
{
    hf_options_load();
    uint32_t word = atomic_load_explicit(&hf_option_words[key], memory_order_relaxed);
    return word != 0 ? word - 1 : options[key].initial;
}

void hf_options_changed(void)
{
    uint32_t number;
    bool all;
    do {
        all = hf_option(HF_OPTION_PRINT_ALL) != 0;
        number = __atomic_add_fetch(&changes, 1, __ATOMIC_RELAXED);
        /* Release: the change comes before.  Partner: the acquire in hf_event_epoch. */
        __atomic_store_n(&hf_event_epoch_now, all ? 0 : number, __ATOMIC_RELEASE);
        /* 0 has a meaning of its own; and print_all may have been set by another thread, whose
         * epoch we have just overwritten. */
    } while (number == 0 || (hf_option(HF_OPTION_PRINT_ALL) != 0) != all);
}

void hf_option_set(hf_option_key key, uint32_t value)
{
    atomic_store_explicit(&hf_option_words[key], value + 1, memory_order_relaxed);
    hf_options_changed();
}

hf_status hf_set_options(const char *text)
{
    wishes asked = {0};
    if (text == NULL)
        return HF_E_INVALID_ARGUMENT;
    int error = hf_os_error();
    parse(text, &asked);
    bool done = set_files(&asked, true) && !asked.refused;
    for (unsigned i = 0; i < HF_OPTION_COUNT; i++) {
        if (asked.words[i] != 0)
            hf_option_set((hf_option_key)i, asked.words[i] - 1);
    }
    hf_options_changed();
    if (asked.words[HF_OPTION_HELP] == 2)
        print_help();
    hf_os_set_error(error);
    return done ? HF_OK : HF_E_INVALID_ARGUMENT;
}

unsigned hf_event_level(void)
{
    return hf_option(HF_OPTION_LEVEL);
}
