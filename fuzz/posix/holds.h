/* Regions and references. */
#ifndef POSIX_HOLDS_H
#define POSIX_HOLDS_H

#include "cards.h"
#include "operations.h"

void holds_start(void);
void play_enter(const step *s);
void play_addref(const step *s);
void play_let_go(const step *s);
void holds_end(void);

/* How many regions of a card, and of its children, this thread is in. */
unsigned holds_regions(const card *of);

#endif
