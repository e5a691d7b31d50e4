/* What a forked child reaches counts as reached by the input. */
#ifndef FUZZ_PROCESS_COVERAGE_H
#define FUZZ_PROCESS_COVERAGE_H

/* Before a fork. */
void coverage_share(void);

/* The child's, before it ends by _exit; and then its parent's. */
void coverage_hand_over(void);
void coverage_take_over(void);

#endif
