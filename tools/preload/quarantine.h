/* The quarantine: closed numbers stay taken by tombstones for a while, first in, first out.
 * (What a tombstone is: tombstone.h.) */
#ifndef RUN_QUARANTINE_H
#define RUN_QUARANTINE_H

#include <stdbool.h>
#include <stdint.h>

void run_quarantine_start(void);

/* Puts a tombstone onto a number whose handle the caller has just closed, and whose file is still
 * there; `word` is its number's as of then, LIVE.  False: not possible (0 to 2; switched off; no
 * room; a close that may have an error to tell); close it instead. */
bool run_quarantine_put(int descriptor, uint32_t word);

/* The same for a number whose file the caller has closed, too, in a process without other threads.
 * Where there is to be no tombstone, or somebody has the number, it moves the word to FREE.  Keeps
 * errno. */
void run_quarantine_put_closed(int descriptor, uint32_t word);

/* The same for a number that the C library has just closed itself (fclose, closedir): taken only if
 * it is still free. */
void run_quarantine_put_if_free(int descriptor);

/* The same after run_quarantine_put has answered false, and the number was closed by the C
 * library's function: where that is the only way, since ThreadSanitizer wants to see it. */
void run_quarantine_put_watched(int descriptor);

/* Takes a tombstone away because the program replaces it: true if there was one.  Waits, bounded,
 * for somebody who is removing it. */
bool run_quarantine_take(int descriptor);

/* For every call that opens: after it failed, whether there may be room now (EMFILE, ENFILE), so
 * that it is worth one more try.  Keeps errno. */
bool run_quarantine_made_room(void);

/* For every number that the kernel gives out: see run_quarantine_empty. */
void run_quarantine_seen_high(void);
extern uint32_t run_quarantine_high; /* from here on, numbers come near to the limit */
static inline void run_quarantine_seen(int descriptor)
{
    if (__builtin_expect(
            (uint32_t)descriptor >= __atomic_load_n(&run_quarantine_high, __ATOMIC_RELAXED), 0))
        run_quarantine_seen_high();
}

/* The limit of descriptors has changed, or the process is confined from now on. */
void run_quarantine_resize(void);
void run_quarantine_stop(void);

/* In a forked child: finishes what other threads were in the midst of. */
void run_quarantine_forked(void);

/* Gives one number back if a tombstone holds it: the program asks for the lowest from there on
 * (F_DUPFD), which it has closed before. */
void run_quarantine_free(int descriptor);

/* Gives all numbers back: because the process has no room for more descriptors (EMFILE), or their
 * numbers grow too high for select(). */
void run_quarantine_empty(void);

#endif
