/* The protocol: threads dispatch a handle whose context another thread frees, by close and wait, or
 * by whoever is last.  The context is freed once, and never touched afterwards: content is a plain
 * word, and the memory is given back, so that ThreadSanitizer and AddressSanitizer look too. */
#include "fixture.h"
#include "spin_barrier.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { CALLERS = 2, ROUNDS = 2000, SECONDS = 2 };

typedef struct context {
    uint64_t content;
} context;

static hf_table *table;
static hf_handle handle;
static spin_barrier barrier = {.threads = CALLERS + 1};
static _Atomic unsigned calls;
static _Atomic unsigned freed;
static _Atomic unsigned surprises;
static _Atomic bool over;

static hf_outcome release(hf_value value, void *context_of_type, int32_t *error)
{
    (void)value;
    (void)context_of_type;
    (void)error;
    return HF_OUTCOME_RELEASED;
}

static const hf_type type = {
    .size = (uint32_t)sizeof(hf_type), .name = "context", .release = release};

static void forget(context *mine)
{
    mine->content = 0;
    free(mine);
    freed++;
}

static void on_event(hf_value value, void *argument, hf_callback *self)
{
    const context *mine = (const context *)value;
    (void)argument;
    (void)self;
    surprises += mine->content != 42;
    calls++;
}

static void *call(void *argument)
{
    (void)argument;
    for (;;) {
        hf_status status;
        spin_barrier_wait(&barrier);
        if (over)
            return NULL;
        while ((status = hf_dispatch(table, handle, &type, on_event, NULL)) == HF_OK)
            continue;
        surprises += status != HF_E_STALE_HANDLE && status != HF_E_CLOSING;
        spin_barrier_wait(&barrier);
    }
}

static hf_status close_and_wait(context *mine)
{
    hf_status status = hf_close_wait(table, handle, HF_FOREVER, NULL);
    forget(mine);
    return status;
}

static void complete(void *argument, const hf_close_result *result)
{
    surprises += result->outcome != HF_OUTCOME_RELEASED;
    forget(argument);
}

static hf_status close_with_completion(context *mine)
{
    return hf_close_then(table, handle, complete, mine);
}

static void close_one(hf_status (*how)(context *mine), unsigned round)
{
    context *mine = malloc(sizeof(*mine));
    cr_assert_not_null(mine);
    mine->content = 42;
    MUST_OK(hf_open(table, &type, (hf_value)mine, NULL, &handle));
    spin_barrier_wait(&barrier);
    for (unsigned i = 0; i < round % 64; i++)
        atomic_signal_fence(memory_order_seq_cst);
    surprises += how(mine) != HF_OK;
    spin_barrier_wait(&barrier);
    surprises += freed != round + 1;
}

static bool is_late(time_t start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec - start > SECONDS;
}

static void close_under_them(hf_protection protection, hf_status (*how)(context *mine))
{
    pthread_t threads[CALLERS];
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    reports_start();
    for (int kind = 0; kind < HF_REPORT_KIND_COUNT; kind++)
        MUST_OK(hf_set_policy((hf_report_kind)kind, HF_POLICY_COUNT));
    table = fixture_table(protection);
    for (int i = 0; i < CALLERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, call, NULL), 0);
    for (unsigned round = 0; round < ROUNDS && !is_late(start.tv_sec); round++)
        close_one(how, round);
    over = true;
    spin_barrier_wait(&barrier);
    for (int i = 0; i < CALLERS; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    cr_assert_eq(surprises, 0);
    cr_assert_gt(calls, 0);
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    hf_table_destroy(table);
}

Test(dispatch_stress, close_and_wait_then_free_counted)
{
    close_under_them(HF_PROTECT_COUNTED, close_and_wait);
}

Test(dispatch_stress, close_and_wait_then_free_hazard)
{
    close_under_them(HF_PROTECT_HAZARD, close_and_wait);
}

Test(dispatch_stress, freed_by_whoever_is_last_counted)
{
    close_under_them(HF_PROTECT_COUNTED, close_with_completion);
}

Test(dispatch_stress, freed_by_whoever_is_last_hazard)
{
    close_under_them(HF_PROTECT_HAZARD, close_with_completion);
}
