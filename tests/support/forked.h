/* Runs a piece of a test in a forked child, where it may use up what a process has, or fail. */
#ifndef TESTS_FORKED_H
#define TESTS_FORKED_H

/* Calls `body(argument)` in a child and answers its exit status: what the body answered, or 128 and
 * the number of the signal that ended it. */
int forked(int (*body)(void *argument), void *argument);

#endif
