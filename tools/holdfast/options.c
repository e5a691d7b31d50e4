/* Options of `holdfast run`. */
#include "options.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/grammar.h"
#include "report/rules.h"
#include "tool.h"

typedef struct option_text {
    const char *key;
    const char *values;
    uint32_t initial;
    const char *help;
} option_text;

#define TEXT_OF_SETTING(NAME, key, initial, help)      {key, OPTION_VALUES_##NAME, initial, help},
#define TEXT_OF_TOOL(NAME, key, values, initial, help) {key, values, initial, help},

static const option_text texts[OPTION_COUNT] = {RUN_SETTINGS(TEXT_OF_SETTING)
                                                    TOOL_OPTIONS(TEXT_OF_TOOL)};

/* ---- one option ----------------------------------------------------------------------------- */

/* Who looks at the command line does not see what the environment has. */
static const char *where = "";

static _Noreturn void refuse(const char *what, hf_token token, const char *remedy)
{
    tool_fail("%s%s '%.*s'%s", where, what, (int)token.length, token.text, remedy);
}

static _Noreturn void refuse_key(hf_token key)
{
    char keys[512] = "; there are:";
    size_t length = strlen(keys);
    for (unsigned i = 0; i < OPTION_COUNT && length < sizeof keys; i++)
        length += (size_t)snprintf(keys + length, sizeof keys - length, " %s", texts[i].key);
    refuse("there is no option", key, keys);
}

static bool find_key(hf_token token, option_key *key)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (hf_token_is(token, texts[i].key, strlen(texts[i].key))) {
            *key = (option_key)i;
            return true;
        }
    }
    return false;
}

static _Noreturn void refuse_value(option_key key, hf_token value)
{
    char remedy[160];
    (void)snprintf(remedy, sizeof remedy, ": %s=%s is expected%s", texts[key].key,
                   texts[key].values,
                   key == OPTION_EXPECT ? "; see holdfast run --help for the kinds" : "");
    refuse("malformed value", value, remedy);
}

static bool is_expectation(const char *text)
{
    const char *colon = strchr(text, ':');
    return colon != NULL && colon[1] != '\0' && hf_rules_kind_exists(text, (size_t)(colon - text));
}

static char *copy(hf_token from)
{
    char *made = strndup(from.text, from.length);
    if (made == NULL)
        tool_fail("no memory");
    return made;
}

static void set(options *into, option_key key, hf_token value)
{
    bool is_text = strcmp(texts[key].values, OPTION_IS_FILE) == 0;
    if (key == OPTION_EXPECT) {
        char *expectation = copy(value);
        if (!is_expectation(expectation))
            refuse_value(key, value);
        if (into->expect_count == OPTIONS_EXPECT_MAX)
            tool_fail("more than %d expectations", OPTIONS_EXPECT_MAX);
        into->expect[into->expect_count++] = expectation;
    } else if (is_text && value.length > 0) {
        into->texts[key] = copy(value);
    } else if (is_text || !hf_grammar_value(texts[key].values, value, &into->numbers[key])) {
        refuse_value(key, value);
    }
}

/* ---- where they come from ------------------------------------------------------------------- */

static void read_pairs(options *into, const char *text)
{
    hf_token key;
    hf_token value;
    option_key found;
    for (;;) {
        switch (hf_grammar_next(&text, &key, &value)) {
        case HF_GRAMMAR_END:
            return;
        case HF_GRAMMAR_PAIR:
            if (!find_key(key, &found))
                refuse_key(key);
            set(into, found, value);
            break;
        case HF_GRAMMAR_NO_VALUE:
            refuse("no value for", key, ": key=value is expected");
        case HF_GRAMMAR_NO_QUOTE:
            refuse("no closing quote after", key, "");
        }
    }
}

enum { KEY_OF_FIRST = 256 };

static bool is_switch(option_key key)
{
    return strcmp(texts[key].values, "0|1") == 0;
}

static error_t take(int key, char *argument, struct argp_state *state)
{
    options *into = state->input;
    if (key == 'o') {
        read_pairs(into, argument);
    } else if (key >= KEY_OF_FIRST && key < KEY_OF_FIRST + OPTION_COUNT) {
        const char *value = argument != NULL ? argument : "1"; /* --leaks */
        set(into, (option_key)(key - KEY_OF_FIRST), (hf_token){value, strlen(value)});
    } else if (key == ARGP_KEY_ARG) {
        into->program = state->argv + state->next - 1;
        state->next = state->argc;
    } else if (key == ARGP_KEY_NO_ARGS) {
        argp_error(state, "no program is given");
    } else {
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const char documentation[] =
    "Runs a program as it is, and tells of descriptors, streams and directories that are closed "
    "twice, used after they were closed, closed by somebody else, or never closed."
    "\v"
    "Each option may also be given as KEY=VALUE, with underscores, by -o or in the "
    "environment's " OPTIONS_VARIABLE
    ", separated by colons; a switch --option without a value is on.  "
    "In parentheses is what holds unless it is said otherwise.\n\n"
    "Kinds of findings: double-close, stale-use, handle-reuse, foreign-close, close-during-use, "
    "clobber, standard-descriptor, leak; * in suppressions and expectations is any.\n\n"
    "Examples:\n\n"
    "  holdfast run ./server --port 80\n"
    "  holdfast run --leaks -- bash -c 'true | cat'\n"
    "  holdfast run --exitcode=1 --junit=findings.xml -- make check\n"
    "  holdfast run --expect=double-close:stop_logging -- ./test\n"
    "  holdfast run --trace=run.trace ./program; holdfast report run.trace\n\n"
    "The exit status is the program's own (a deadly signal is passed on), or that of exitcode= or "
    "expect=; 125: holdfast failed; 126: the program cannot be run, or not be looked into; 127: it "
    "was not found.";

/* With what is so unless it is said otherwise, where that is not off, or the first. */
static const char *help_of(const option_text *of, char *text, size_t size)
{
    if (of->initial == 0)
        return of->help;
    (void)snprintf(text, size, "%s (%u)", of->help, (unsigned)of->initial);
    return text;
}

static void fill_argp(struct argp_option *list)
{
    static char names[OPTION_COUNT][24]; /* with dashes */
    static char helps[OPTION_COUNT][160];
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        char *name = names[i];
        (void)snprintf(name, sizeof names[i], "%s", texts[i].key);
        for (char *at = strchr(name, '_'); at != NULL; at = strchr(at, '_'))
            *at = '-';
        list[i] = (struct argp_option){.name = name,
                                       .key = KEY_OF_FIRST + (int)i,
                                       .arg = texts[i].values,
                                       .flags = is_switch((option_key)i) ? OPTION_ARG_OPTIONAL : 0,
                                       .doc = help_of(&texts[i], helps[i], sizeof helps[i])};
    }
    list[OPTION_COUNT] =
        (struct argp_option){.key = 'o', .arg = "KEY=VALUE:...", .doc = "options as one text"};
}

void options_read(options *out, int argc, char **argv)
{
    struct argp_option list[OPTION_COUNT + 2] = {0};
    struct argp parser = {list, take, "[--] PROGRAM [ARGUMENT...]", documentation, NULL,
                          NULL, NULL};
    const char *environment = getenv(OPTIONS_VARIABLE);
    *out = (options){0};
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        out->numbers[i] = texts[i].initial;
    fill_argp(list);
    if (environment != NULL) {
        where = OPTIONS_VARIABLE ": ";
        read_pairs(out, environment);
        where = "";
    }
    if (argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, out) != 0)
        exit(TOOL_FAILED);
}

void options_settings(const options *from, char *text, size_t size)
{
    size_t length = 0;
    for (unsigned i = 0; i < RUN_SETTING_COUNT && length < size; i++) {
        int written = snprintf(text + length, size - length, "%s%s=%u", i > 0 ? ":" : "",
                               texts[i].key, (unsigned)from->numbers[i]);
        length += written > 0 ? (size_t)written : 0;
    }
}
