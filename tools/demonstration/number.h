/* Numbers as people read them: 1,234,567. */
#ifndef DEMONSTRATION_NUMBER_H
#define DEMONSTRATION_NUMBER_H

#include <stdint.h>

typedef struct number_text {
    char text[32];
} number_text;

/* Answers a place inside `out`. */
const char *number_write(number_text *out, uint64_t number);

#endif
