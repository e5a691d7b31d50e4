/* Operations that make handles. */
#ifndef POSIX_OPENING_H
#define POSIX_OPENING_H

#include "cards.h"
#include "operations.h"

void opening_start(void);

void play_open(const step *s, hf_table *table);
void play_open_again(const step *s, hf_table *table);
void play_open_garbage(const step *s, hf_table *table);
void play_duplicate(const step *s, hf_table *table);

/* Gives back what the namespaces took in this input, so that each begins alike. */
void opening_end(void);

#endif
