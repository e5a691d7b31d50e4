/* The rules of suppressions: how they are written, and what they match.  A rule is a line
 *
 *     kind:glob
 *
 * of a kind of finding, or * for all, and a pattern with * and ? for a function, a source file or a
 * module (the latter two by their whole path or its last part).  Lines that begin with # are
 * comments.  The library and `holdfast run` read the same files. */
#ifndef HF_REPORT_RULES_H
#define HF_REPORT_RULES_H

#include <stdbool.h>
#include <stddef.h>

/* A frame of a finding; "" where something is not known. */
typedef struct hf_rules_place {
    const char *function;
    const char *file;
    const char *module;
} hf_rules_place;

/* Told of each line that is no rule. */
typedef void hf_rules_refusal(void *context, unsigned line);

/* Moves the rules of a text together, each terminated, at its front; an empty one ends them.  There
 * is room for one byte more than `length`.  Answers how long they are, that empty one included. */
size_t hf_rules_compact(char *text, size_t length, hf_rules_refusal *refuse, void *context);

/* Whether any of the rules is for this kind; whether one of them matches the place, too. */
bool hf_rules_concern(const char *rules, const char *kind_name);
bool hf_rules_match(const char *rules, const char *kind_name, const hf_rules_place *place);

/* Whether the first `length` characters name this kind, or are a * for all; whether they do so for
 * any kind. */
bool hf_rules_kind_is(const char *text, size_t length, const char *kind_name);
bool hf_rules_kind_exists(const char *text, size_t length);

/* Whether a pattern with * and ? matches the whole text. */
bool hf_rules_glob(const char *pattern, const char *text);

/* The last component of a path. */
const char *hf_path_tail(const char *path);

#endif
