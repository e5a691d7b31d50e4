/* hf_mutex_lock, _trylock and _unlock on mutexes of four kinds. */
#ifndef POSIX_MUTEXES_H
#define POSIX_MUTEXES_H

void mutexes_start(void);
void mutexes_play(unsigned which, unsigned what);
void mutexes_end(void);

#endif
