/* What the tests of the POSIX types share: real descriptors, a close() that can be watched and made
 * to fail, and a look at whether another thread blocks in the system. */
#ifndef TESTS_NATIVE_SUPPORT_H
#define TESTS_NATIVE_SUPPORT_H

#include <holdfast/posix.h>

#include "fixture.h"

/* ---- the table that every test has ---------------------------------------------------------- */

extern hf_table *table;

/* For TestSuite(..., .init = table_up, .fini = table_down): collects findings; at the end nothing
 * may be open any more. */
void table_up(void);
void table_down(void);

hf_handle must_open(const hf_type *type, hf_value value);
hf_handle must_borrow(const hf_type *type, hf_value value);

/* Closes, and asserts what became of the value. */
void must_close(hf_handle handle, hf_outcome outcome, int32_t error);

/* Asserts that there was one finding of this kind, about these two (`other` may be null), and none
 * of another kind. */
void expect_only_finding(hf_report_kind kind, hf_handle subject, hf_handle other);

/* Asserts one finding of this kind among others. */
void expect_finding(hf_report_kind kind, hf_handle subject, hf_handle other);

void expect_no_findings(void);

/* ---- descriptors ---------------------------------------------------------------------------- */

int must_open_path(const char *path);
bool fd_is_open(int fd);

/* Whether a descriptor is open on the file of this path. */
bool fd_is_path(int fd, const char *path);

/* Closes a descriptor behind every table's back. */
void close_raw(int fd);

/* Makes `fd` a descriptor of `path`, as the system does when it recycles a number. */
void recycle(int fd, const char *path);

/* From now on, close(fd) is counted; with an error other than 0 it fails with that error, after it
 * has closed the descriptor. */
void watch_close(int fd, int error);
unsigned watched_closes(void);

/* ---- another thread ------------------------------------------------------------------------- */

/* Waits until a thread of this process sleeps in the system. */
void wait_until_blocked(int thread_id);

#endif
