/* The store of threads: each pair of system id and name once, under a number. */
#include "report/threads.h"

#include <string.h>

#include "core/event.h"
#include "platform/platform.h"
#include "report/exit.h"
#include "report/store.h"

_Thread_local hf_thread_self hf_self __attribute__((tls_model("initial-exec")));

static hf_store threads = {.arena = {.capacity = (size_t)16 << 20}};

typedef union thread_entry {
    struct {
        uint64_t id;
        char name[HF_OS_THREAD_NAME_SIZE];
    } thread;
    uintptr_t words[(sizeof(uint64_t) + HF_OS_THREAD_NAME_SIZE) / sizeof(uintptr_t)];
} thread_entry;

static const thread_entry *find(uint32_t thread)
{
    uint32_t count;
    return (const thread_entry *)(const void *)hf_store_find(&threads, thread, &count);
}

static bool asks_no_more;

void hf_thread_ask_no_more(void)
{
    __atomic_store_n(&asks_no_more, true, __ATOMIC_RELAXED);
}

static bool may_ask(void)
{
    return !__atomic_load_n(&asks_no_more, __ATOMIC_RELAXED);
}

uint32_t hf_thread_refresh(void)
{
    thread_entry now;
    if (!may_ask())
        return hf_self.thread;
    memset(&now, 0, sizeof now);
    now.thread.id = hf_os_thread_id();
    hf_os_thread_name(now.thread.name, sizeof now.thread.name);
    size_t length = strlen(now.thread.name); /* what lies behind the end must not tell two apart */
    memset(now.thread.name + length, 0, sizeof now.thread.name - length);
    hf_self.thread =
        hf_store_intern(&threads, now.words, (uint32_t)(sizeof now.words / sizeof now.words[0]));
    return hf_self.thread;
}

void hf_thread_meet(void)
{
    uintptr_t low = 0;
    uintptr_t high = 0;
    hf_self.met = true; /* first: what is called below may open and close handles itself */
    hf_thread_refresh();
    if (!hf_must_not_wait() && may_ask() && hf_os_stack_bounds(&low, &high)) {
        hf_self.stack_low = low;
        hf_self.stack_high = high;
    }
}

uint32_t hf_event_thread(void)
{
    return hf_thread_refresh();
}

uint64_t hf_event_thread_id(uint32_t thread)
{
    return thread == 0 ? 0 : find(thread)->thread.id;
}

const char *hf_thread_name(uint32_t thread)
{
    return thread == 0 ? "" : find(thread)->thread.name;
}
