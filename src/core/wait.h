/* Rundown: waiting until nothing holds a handle. */
#ifndef HF_CORE_WAIT_H
#define HF_CORE_WAIT_H

#include "core/refuse.h"

/* Wakes whoever waits for this handle. */
void hf_wake_waiters(hf_handle handle);

/* Wakes all who wait for whatever slot: the process is exiting. */
void hf_wake_everybody(void);

/* Becomes the waiter of a handle whose close was asked for, and waits until it is released, by this
 * thread if it can; at most until deadline_ns (monotonic; HF_FOREVER never).  True: released.
 * False: time is over, and the last holder will release; or the process is exiting. */
bool hf_wait_released(const hf_subject *subject, int64_t deadline_ns, hf_close_result *result,
                      hf_site site);

/* Asks, before anything is closed, whether this thread may wait for a handle.  True: others see
 * that it does, until hf_waiting_end(*waiting), which must come before any report.  False: it would
 * wait for itself, or for threads that wait for it; reported, nothing to be ended.  `blocks`: false
 * if the time-out is 0. */
bool hf_wait_begin(const hf_subject *subject, bool blocks, const char *operation, hf_site site,
                   uint32_t *waiting);

/* Both, for a handle that is closed already and that this thread does not hold: OK when it is
 * released, POSSIBLE_DEADLOCK (reported), or TIMED_OUT, also when the process is exiting. */
hf_status hf_wait_closed(const hf_subject *subject, int64_t deadline_ns, const char *operation,
                         hf_site site);

/* The moment at which a time-out is over. */
int64_t hf_deadline(hf_timeout timeout);

/* hf_close_wait and hf_wait on behalf of the operation that `refusal` names. */
hf_status hf_close_wait_at(hf_table *table, hf_handle handle, hf_timeout timeout,
                           hf_close_result *result, const hf_refusal *refusal);
hf_status hf_wait_at(hf_table *table, hf_handle handle, hf_timeout timeout,
                     const hf_refusal *refusal);

/* Reports who holds a handle. */
void hf_report_holders(const hf_subject *subject, hf_report_kind kind, const char *operation,
                       hf_site site);

#endif
