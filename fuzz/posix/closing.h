/* Operations that end handles, or their values behind the table's back. */
#ifndef POSIX_CLOSING_H
#define POSIX_CLOSING_H

#include "cards.h"
#include "operations.h"

void play_close(const step *s);
void play_close_many(const step *s);
void play_close_wait(const step *s);
void play_detach(const step *s);
void play_close_beneath(const step *s);

/* Closes one card as hf_close does, with what is expected of it. */
void close_card(card *c);

#endif
