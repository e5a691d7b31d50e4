/* Rundown: waiting until nothing holds a handle. */
#ifndef HF_CORE_WAIT_H
#define HF_CORE_WAIT_H

#include "core/refuse.h"

/* Wakes whoever waits for this slot. */
void hf_wake_waiters(const hf_slot_ *slot);

/* Wakes all who wait for whatever slot: the process is exiting. */
void hf_wake_everybody(void);

/* Becomes the waiter of a handle whose close was asked for, and waits until it is released, by this
 * thread if it can; at most until deadline_ns (monotonic; HF_FOREVER never).  True: released.
 * False: time is over, and the last holder will release; or the process is exiting. */
bool hf_wait_released(const hf_subject *subject, int64_t deadline_ns, hf_close_result *result,
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
