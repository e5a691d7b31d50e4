/* What fork needs of core. */
#ifndef HF_CORE_FORK_H
#define HF_CORE_FORK_H

#include "platform/platform.h"

/* Asks to be told of forks.  Idempotent.  False: out of memory. */
bool hf_fork_watch(void);

/* For what is built on core: `prepare` is called before core's own preparation, `parent` after its
 * work, `child` before core releases anything there.  One set; each may be NULL.  Forks are to be
 * watched besides. */
void hf_fork_outer(const hf_os_fork_handlers *handlers);

#endif
