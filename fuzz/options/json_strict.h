/* Whether a text is one JSON object (RFC 8259), in UTF-8, and nothing else. */
#ifndef FUZZ_JSON_STRICT_H
#define FUZZ_JSON_STRICT_H

#include <stdbool.h>
#include <stddef.h>

bool json_is_object(const char *text, size_t length);

#endif
