/* What the scheduled library asks of its system instead of linux_barrier.c, linux_threads.c,
 * linux_wait.c, posix_misc.c and posix_thread.c: the scheduler's time, waits and threads. */
#include "platform/platform.h"

#include <stdio.h>

#include "points.h"
#include "scheduler.h"

/* Numbers of threads as the library knows them; 0 is nobody. */
enum { FIRST_NUMBER = 100 };

int64_t hf_os_now_ns(void)
{
    return schedule_now_ns();
}

uint64_t hf_os_random(void)
{
    static uint64_t state;
    return state += UINT64_C(0x9e3779b97f4a7c15);
}

void hf_os_wait(uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    schedule_wait(word, expected, timeout_ns);
}

void hf_os_wake_all(uint32_t *word)
{
    schedule_wake(word);
}

bool hf_os_barrier_is_asymmetric(void)
{
    return schedule_is_asymmetric();
}

/* All steps are in one order already. */
void hf_os_barrier_heavy(void)
{
}

bool hf_os_is_single_threaded(void)
{
    return false;
}

__thread uint32_t hf_os_thread_number_;

uint64_t hf_os_thread_id(void)
{
    return FIRST_NUMBER + schedule_current();
}

uint32_t hf_os_thread_number_slow(void)
{
    hf_os_thread_number_ = (uint32_t)hf_os_thread_id();
    return hf_os_thread_number_;
}

void hf_os_thread_renumber(void)
{
    hf_os_thread_number_ = 0;
}

bool hf_os_thread_lives(uint32_t number)
{
    return number >= FIRST_NUMBER && schedule_lives(number - FIRST_NUMBER);
}

void hf_os_thread_name(char *buffer, size_t size)
{
    (void)snprintf(buffer, size, "scheduled %u", schedule_current());
}

bool hf_os_at_thread_exit(void (*function)(void *), void *argument)
{
    return schedule_at_thread_end(function, argument);
}

bool hf_os_stack_bounds(uintptr_t *low, uintptr_t *high)
{
    return schedule_stack(low, high);
}
