/* A lock that survives fork: it is held by a process, so that a forked child, in which the holder
 * does not exist, sees that and takes it over.
 *
 * Held only around the naming of addresses and around the writing of a finished text; never while a
 * function of the user runs. */
#ifndef HF_REPORT_LOCK_H
#define HF_REPORT_LOCK_H

#include <stdint.h>

typedef struct hf_lock {
    uint32_t holder; /* process id; 0: free */
} hf_lock;

void hf_lock_take(hf_lock *lock);
void hf_lock_give(hf_lock *lock);

#endif
