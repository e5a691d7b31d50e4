/* What threads are called.  Most are named after they began, by themselves or by who made them,
 * while what is recorded of a moment has the name that its thread had when it was last looked up.
 */
#ifndef RUN_THREAD_NAMES_H
#define RUN_THREAD_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/platform.h"

enum { RUN_THREAD_NAME_BYTES = HF_OS_THREAD_NAME_SIZE + 1 };

/* What a thread of this process is called now.  False: it has ended, or the system must not be
 * asked.  Keeps errno. */
bool run_thread_name_now(uint64_t thread, char name[RUN_THREAD_NAME_BYTES]);

/* The calling thread has got another name.  Keeps errno. */
void run_thread_was_named(void);

#endif
