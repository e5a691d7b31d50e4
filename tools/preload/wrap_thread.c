/* Threads: each takes its record, and learns the bounds of its stack, before the program's function
 * runs.  Otherwise its first tracked call would do so, which allocates, and may be made by a signal
 * handler that interrupted malloc.
 *
 * What to start is handed over in one of a fixed number of places.  The creator takes one, the new
 * thread gives it back before it runs anything else; who finds none starts the thread as it is. */
#include <pthread.h>
#include <threads.h>

#include "core/record.h"
#include "real.h"
#include "report/threads.h"
#include "self.h"
#include "thread_names.h"

enum { PLACES = 256 };

typedef struct start {
    uint32_t taken;
    void *(*function)(void *argument);
    int (*small)(void *argument); /* for thrd_create */
    void *argument;
} start;

static start places[PLACES];

/* The run-time library of ThreadSanitizer or MemorySanitizer, where it is linked into the program,
 * stands before these wrappers: it would learn of the thread after the thread has allocated. */
void __tsan_init(void) __attribute__((weak));
void __msan_init(void) __attribute__((weak));

static start *take(void)
{
    if (__tsan_init != NULL || __msan_init != NULL)
        return NULL;
    for (uint32_t i = 0; run_is_on() && i < PLACES; i++) {
        uint32_t free = 0;
        /* Acquire: the last one's reading is over.  Partner: the release in begin. */
        if (__atomic_load_n(&places[i].taken, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&places[i].taken, &free, 1u, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return &places[i];
    }
    return NULL;
}

static void give(start *place)
{
    __atomic_store_n(&place->taken, 0u, __ATOMIC_RELEASE);
}

/* On the new thread: what is in the place was read. */
static void begin(start *place)
{
    give(place);
    if (!run_is_on())
        return;
    run_self.inside++;
    hf_thread_meet();
    (void)hf_record_current();
    run_self.inside--;
}

/* The call of the program's function replaces ours, so that the stack is as without the tool.
 * (AddressSanitizer takes a thread that was cancelled for overrunning its stack if frames lie
 * otherwise by a few words.) */
#ifdef __clang__
#define LAST_CALL
#define RETURN_CALL __attribute__((musttail)) return
#else
#define LAST_CALL   __attribute__((optimize("optimize-sibling-calls")))
#define RETURN_CALL return
#endif

LAST_CALL static void *run(void *argument)
{
    start *place = argument;
    void *(*function)(void *) = place->function;
    void *of_program = place->argument;
    begin(place);
    RETURN_CALL function(of_program);
}

LAST_CALL static int run_small(void *argument)
{
    start *place = argument;
    int (*function)(void *) = place->small;
    void *of_program = place->argument;
    begin(place);
    RETURN_CALL function(of_program);
}

RUN_WRAP(int, pthread_create,
         (pthread_t * thread, const pthread_attr_t *attributes, void *(*function)(void *),
          void *argument))
{
    start *place = take();
    if (place == NULL)
        return RUN_REAL(pthread_create)(thread, attributes, function, argument);
    place->function = function;
    place->argument = argument;
    int error = RUN_REAL(pthread_create)(thread, attributes, run, place);
    if (error != 0)
        give(place);
    return error;
}

RUN_WRAP(int, thrd_create, (thrd_t * thread, thrd_start_t function, void *argument))
{
    start *place = take();
    if (place == NULL)
        return RUN_REAL(thrd_create)(thread, function, argument);
    place->small = function;
    place->argument = argument;
    int status = RUN_REAL(thrd_create)(thread, run_small, place);
    if (status != thrd_success)
        give(place);
    return status;
}

RUN_WRAP(int, pthread_setname_np, (pthread_t thread, const char *name))
{
    int error = RUN_REAL(pthread_setname_np)(thread, name);
    if (error == 0 && pthread_equal(thread, pthread_self()))
        run_thread_was_named();
    return error;
}
