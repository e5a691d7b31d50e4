/* Forced upon every source of the library in its scheduled build, before all else: makes each
 * atomic operation a step of the scheduler, and each thread-local variable one of its threads'.
 *
 * Scheduled threads are coroutines of one system thread (scheduler.c), so what is thread-local must
 * change hands with them.  Thread-local variables become ordinary ones in a section of their own,
 * whose contents the scheduler saves and restores.
 *
 * SCHEDULE_STEPS says that this source's atomic operations are steps.  Those of src/report are not:
 * what they do depends on what was reported before, in other executions. */
#ifndef FUZZ_POINTS_H
#define FUZZ_POINTS_H

#include <stdbool.h>

#define __thread __attribute__((section("schedule_locals")))
#define _Thread_local __thread
#define tls_model(model) unused

/* Before each step: another thread may have its turn now.  `place` is a line of source. */
void schedule_point(const void *address, bool writes, const char *place);

/* Whether a compare-and-swap that may fail for no reason is to do so now. */
bool schedule_fails(void);

#ifdef SCHEDULE_STEPS
#define SCHEDULE_TEXT_(line)     #line
#define SCHEDULE_TEXT(line)      SCHEDULE_TEXT_(line)
#define SCHEDULE_PLACE           __FILE__ ":" SCHEDULE_TEXT(__LINE__)
#define SCHEDULE_READ_(address)  schedule_point(address, false, SCHEDULE_PLACE)
#define SCHEDULE_WRITE_(address) schedule_point(address, true, SCHEDULE_PLACE)

/* What is written is computed before the step: it may have steps itself.  A macro does not expand
 * within itself. */
#define SCHEDULE_CHANGE_(operation, address, change, order) \
    __extension__({                                         \
        __typeof__(*(address)) schedule_change_ = (change); \
        SCHEDULE_WRITE_(address);                           \
        operation((address), schedule_change_, order);      \
    })

#define __atomic_load_n(address, order) (SCHEDULE_READ_(address), __atomic_load_n(address, order))
#define __atomic_store_n(address, value, order) \
    SCHEDULE_CHANGE_(__atomic_store_n, address, value, order)
#define __atomic_exchange_n(address, value, order) \
    SCHEDULE_CHANGE_(__atomic_exchange_n, address, value, order)
#define __atomic_fetch_add(address, value, order) \
    SCHEDULE_CHANGE_(__atomic_fetch_add, address, value, order)
#define __atomic_fetch_sub(address, value, order) \
    SCHEDULE_CHANGE_(__atomic_fetch_sub, address, value, order)
#define __atomic_fetch_or(address, value, order) \
    SCHEDULE_CHANGE_(__atomic_fetch_or, address, value, order)
#define __atomic_fetch_and(address, value, order) \
    SCHEDULE_CHANGE_(__atomic_fetch_and, address, value, order)
#define __atomic_add_fetch(address, value, order) \
    SCHEDULE_CHANGE_(__atomic_add_fetch, address, value, order)
#define __atomic_sub_fetch(address, value, order) \
    SCHEDULE_CHANGE_(__atomic_sub_fetch, address, value, order)
#define __atomic_and_fetch(address, value, order) \
    SCHEDULE_CHANGE_(__atomic_and_fetch, address, value, order)
#define __atomic_compare_exchange_n(address, expected, value, weak, success, failure) \
    (SCHEDULE_WRITE_(address),                                                        \
     (weak) && schedule_fails()                                                       \
         ? (__atomic_load((address), (expected), __ATOMIC_RELAXED), false)            \
         : __atomic_compare_exchange_n(address, expected, value, weak, success, failure))
#endif

#endif
