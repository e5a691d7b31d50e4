/* The preloaded library's own tables in the test's process, without its wrappers: the test calls
 * what they call, and the system itself is the C library's. */
#ifndef TESTS_PRELOAD_SUPPORT_H
#define TESTS_PRELOAD_SUPPORT_H

#include <stdbool.h>

#include "fixture.h"
#include "numbers.h"
#include "quarantine.h"
#include "runs.h"
#include "self.h"
#include "tombstone.h"

enum { KEPT = 8 }; /* the quarantine of these tests */

/* Every test's process starts with nothing known, and findings are collected.  The library takes it
 * for one that has other threads; or none, so that tombstones come after the files were closed. */
void preload_up(void);
void preload_up_without_quarantine(void);
void preload_up_alone(void);

/* Opens /dev/null, and tells or does not tell of it. */
int opened_seen(void);
int opened_unseen(void);

/* What the kernel says. */
bool is_there(int descriptor);     /* the number is taken, maybe by a tombstone */
bool is_usable(int descriptor);    /* ... by a file */
bool is_tombstone(int descriptor); /* ... by a tombstone */

/* dup2 as its wrapper does it. */
int place(int from, int to);

/* Closes by run_close and asserts the answer: 0, or EBADF. */
void must_close_number(int descriptor);
void must_be_refused(int descriptor);

/* Opens and closes so often that every tombstone of before is gone. */
void drive_out(void);

/* What runs.h would say of the next findings. */
extern run_verdict verdict_now;

#endif
