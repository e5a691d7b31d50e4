/* The report hook.  Hook and context must never be mixed from two calls of hf_set_report_hook, and
 * reading them must not wait, because a signal handler may.  So each pair is interned in a store,
 * whose entries never change, and what is published is the pair's number, one word: whoever reads
 * it reads the one pair or the other.  A pair that is set again costs no memory. */
#include "report/hook.h"

#include <string.h>

#include "report/options.h"
#include "report/output.h"
#include "report/store.h"

static hf_store hooks = {.arena = {.capacity = (size_t)4 << 20}};
static _Atomic uint32_t current; /* 0: none */

typedef union hook_pair {
    struct {
        hf_report_hook hook;
        void *context;
    } pair;
    uintptr_t words[2];
} hook_pair;

HF_STATIC_ASSERT(sizeof(hook_pair) == 2 * sizeof(uintptr_t), "a pair is two words");

void hf_set_report_hook(hf_report_hook hook, void *context)
{
    hook_pair made = {.pair = {.hook = hook, .context = context}};
    uint32_t number = 0;
    if (hook != NULL && (number = hf_store_intern(&hooks, made.words, 2)) == 0) {
        hf_tell_once("out of memory: the report hook stays as it was");
        return;
    }
    /* Relaxed: hf_store_find has the acquire that the pair needs. */
    atomic_store_explicit(&current, number, memory_order_relaxed);
    hf_options_changed();
}

hf_report_hook hf_hook_now(void **context)
{
    uint32_t count;
    hook_pair found;
    const uintptr_t *words =
        hf_store_find(&hooks, atomic_load_explicit(&current, memory_order_relaxed), &count);
    if (words == NULL)
        return NULL;
    memcpy(&found, words, sizeof found);
    *context = found.pair.context;
    return found.pair.hook;
}
