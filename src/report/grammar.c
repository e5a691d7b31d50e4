/* The grammar of options. */
#include "report/grammar.h"

#include <string.h>

static const char separators[] = ":, \t\r\n";

static bool is_separator(char c)
{
    return c != '\0' && strchr(separators, c) != NULL;
}

static hf_grammar_answer read_value(const char **at, hf_token *value)
{
    char quote = **at;
    if (quote != '\'' && quote != '"') {
        value->text = *at;
        value->length = strcspn(*at, separators);
        *at += value->length;
        return HF_GRAMMAR_PAIR;
    }
    const char *end = strchr(*at + 1, quote);
    value->text = *at + 1;
    value->length = end != NULL ? (size_t)(end - value->text) : strlen(value->text);
    *at = value->text + value->length + (end != NULL);
    return end != NULL ? HF_GRAMMAR_PAIR : HF_GRAMMAR_NO_QUOTE;
}

hf_grammar_answer hf_grammar_next(const char **at, hf_token *key, hf_token *value)
{
    while (is_separator(**at))
        ++*at;
    if (**at == '\0')
        return HF_GRAMMAR_END;
    key->text = *at;
    while (**at != '\0' && **at != '=' && !is_separator(**at))
        ++*at;
    key->length = (size_t)(*at - key->text);
    if (**at != '=')
        return HF_GRAMMAR_NO_VALUE;
    ++*at;
    return read_value(at, value);
}

static char folded(char c)
{
    return c == '-' ? '_' : c;
}

bool hf_token_is(hf_token token, const char *word, size_t length)
{
    if (token.length != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (folded(token.text[i]) != folded(word[i]))
            return false;
    }
    return true;
}

static bool read_number(const char *text, size_t length, uint32_t *out)
{
    uint32_t number = 0;
    if (length == 0 || length > 9) /* what nine digits hold fits */
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(text[i] - '0');
    }
    *out = number;
    return true;
}

static bool read_choice(const char *choices, hf_token token, uint32_t *out)
{
    for (uint32_t place = 0;; place++) {
        size_t length = strcspn(choices, "|");
        if (hf_token_is(token, choices, length)) {
            *out = place;
            return true;
        }
        if (choices[length] == '\0')
            return false;
        choices += length + 1;
    }
}

bool hf_grammar_value(const char *description, hf_token token, uint32_t *out)
{
    const char *dots = strstr(description, "..");
    uint32_t low;
    uint32_t high;
    if (dots != NULL)
        return read_number(description, (size_t)(dots - description), &low) &&
               read_number(dots + 2, strlen(dots + 2), &high) &&
               read_number(token.text, token.length, out) && *out >= low && *out <= high;
    if (strcmp(description, "0|1") == 0 &&
        (read_choice("no|yes", token, out) || read_choice("false|true", token, out)))
        return true;
    return read_choice(description, token, out);
}
