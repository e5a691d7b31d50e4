/* What holds the number of a closed descriptor: an O_PATH descriptor of "/".  The kernel answers
 * EBADF to read, write, poll and ioctl on it, and close-on-exec removes it when the program
 * executes another.
 *
 * It is put onto the number by dup3, which closes the file that was there in the same step; or,
 * where no other thread can get the number in between, by F_DUPFD after the file was closed, which
 * takes less time, tells what the close told, and can replace nothing. */
#ifndef RUN_TOMBSTONE_H
#define RUN_TOMBSTONE_H

#include <fcntl.h>
#include <stdbool.h>

#include "kernel.h"
#include "numbers.h"

/* The number that tombstones are copied from, which is hidden from the program; -1: none. */
extern int run_tombstone_source_made;
static inline int run_tombstone_source(void)
{
    int now = __atomic_load_n(&run_tombstone_source_made, __ATOMIC_RELAXED);
    /* The program may have replaced it by dup2: then the number is no longer OWN. */
    return now >= 0 && run_state_of(now) == RUN_OWN ? now : -1;
}

/* Makes it anew; -1: it cannot be made, or was made too often.  The two below do so by themselves.
 */
int run_tombstone_make_source(void);

/* The source takes a number as well, which the program may need: true if there was one. */
bool run_tombstone_give_source(void);

/* Puts a tombstone in place of the file that a number has.  False, and the file is still there: not
 * possible. */
bool run_tombstone_replace(int descriptor);

/* What else is tried where there was no source (`from` is -1), or it could not be copied. */
int run_tombstone_fill_anew(int descriptor, int from);

/* Puts one onto a number that is free.  Answers the number that it got, which is a higher one if
 * somebody was faster; -1: none. */
static inline int run_tombstone_fill(int descriptor)
{
    int from = run_tombstone_source();
    int got = from < 0 ? -1 : run_kernel_fcntl(from, F_DUPFD_CLOEXEC, descriptor);
    return HF_LIKELY(got >= 0) ? got : run_tombstone_fill_anew(descriptor, from);
}

#endif
