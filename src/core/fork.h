/* What fork needs of core. */
#ifndef HF_CORE_FORK_H
#define HF_CORE_FORK_H

#include <stdbool.h>

/* Asks to be told of forks.  Idempotent.  False: out of memory. */
bool hf_fork_watch(void);

#endif
