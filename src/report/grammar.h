/* The grammar of options: key=value, separated by ':', ',' or white space; a value may be quoted
 * with ' or ". */
#ifndef HF_REPORT_GRAMMAR_H
#define HF_REPORT_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hf_token {
    const char *text; /* not terminated */
    size_t length;
} hf_token;

typedef enum hf_grammar_answer {
    HF_GRAMMAR_END,
    HF_GRAMMAR_PAIR,
    HF_GRAMMAR_NO_VALUE, /* a key without '=' */
    HF_GRAMMAR_NO_QUOTE  /* a quoted value that does not end */
} hf_grammar_answer;

/* Reads the next pair and moves *at behind it. */
hf_grammar_answer hf_grammar_next(const char **at, hf_token *key, hf_token *value);

/* Whether the token is this word; '-' and '_' are the same. */
bool hf_token_is(hf_token token, const char *word, size_t length);

/* Reads a value by its description: "1..64" is a range of numbers; "auto|fp|unwinder" is a choice,
 * answered by its place; "0|1" may also be spelt no, false, yes, true. */
bool hf_grammar_value(const char *description, hf_token token, uint32_t *out);

#endif
