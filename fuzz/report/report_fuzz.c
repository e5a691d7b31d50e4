/* Reports from end to end: mistakes of every kind under every policy, with hooks that answer, pass
 * on, or make findings themselves, written to a log file as text or JSON; and the writers and the
 * stack walker on what no program would give them.
 *
 * For each mistake the hook is called, and the log has so many reports more, as policy and hook
 * say: also when memory is short, when the log file is gone, and when a report is made while this
 * thread writes one. */
#include "harness.h"
#include "hook.h"
#include "mistakes.h"
#include "platform/platform.h"
#include "report/threads.h"
#include "scene.h"
#include "synthetic.h"

#include <string.h>

typedef struct head {
    uint8_t options;
    uint8_t depth;
    uint8_t level;
    uint8_t protection;
} head;

enum { STEP_SIZE = 1 + SYNTHETIC_BYTES, STEPS = 12 };

FUZZ_RECORDS(sizeof(head), STEP_SIZE)

/* Whether reports are told by no simple rule: a finding is reported once in the process's life. */
static bool is_vague;

static void check(const mistake *made)
{
    unsigned calls = 0;
    unsigned written = 0;
    for (unsigned i = 0; i < made->count; i++)
        hook_foresee(hf_get_policy(made->kind), &calls, &written);
    unsigned called = hook_count();
    unsigned found = scene_found();
    if (called > calls || found > written || (!is_vague && (called < calls || found < written)))
        fuzz_fail(
            "of %u findings of %s the hook got %u instead of %u, and the log %u instead of %u",
            made->count, hf_report_kind_name(made->kind), called, calls, found, written);
}

enum { NESTED = 1, LOST = 2 };

/* `bytes`: which mistake, how, and in which circumstances. */
static void play_mistake(const uint8_t *bytes)
{
    unsigned circumstances = bytes[2] / 64;
    if (circumstances == LOST)
        scene_lose_log();
    hf_self.writing = circumstances == NESTED;
    mistake made = mistakes_make(bytes[0], bytes[1] % 64);
    hf_self.writing = false;
    (void)hf_os_fail_allocation(0); /* a hook may have had one fail */
    check(&made);
}

static void play_policy(const uint8_t *bytes)
{
    hf_report_kind kind = (hf_report_kind)(bytes[0] % (HF_REPORT_KIND_COUNT + 1));
    hf_policy policy = (hf_policy)(bytes[1] % HF_POLICY_ABORT);
    hf_status expected = kind < HF_REPORT_KIND_COUNT ? HF_OK : HF_E_INVALID_ARGUMENT;
    if (hf_set_policy(kind, policy) != expected ||
        hf_set_policy(kind, (hf_policy)(HF_POLICY_ABORT + 1)) != HF_E_INVALID_ARGUMENT)
        fuzz_fail("a policy is refused, or is none");
    if (hf_get_policy(kind) != (expected == HF_OK ? policy : HF_POLICY_IGNORE))
        fuzz_fail("a policy is another");
    is_vague = is_vague || policy == HF_POLICY_ONCE;
}

static void play_suppressions(const uint8_t *bytes)
{
    static const char *const globs[] = {NULL, "*", "mistakes*", "*fuzz", "?", "nobody", "*.c"};
    const char *glob = globs[bytes[0] % 7];
    scene_suppress(glob);
    is_vague = is_vague || glob != NULL;
}

static void play(const uint8_t *bytes)
{
    switch (bytes[0] / 16) {
    case 0:
        synthetic_play(bytes + 1);
        break;
    case 1:
    case 2:
        synthetic_walk(bytes + 1);
        break;
    case 3:
        hook_set((hook_kind)(bytes[1] % HOOK_KINDS));
        break;
    case 4:
    case 5:
        play_policy(bytes + 1);
        break;
    case 6:
        play_suppressions(bytes + 1);
        break;
    default:
        play_mistake(bytes + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (size < sizeof(head))
        return 0;
    if (!ready)
        scene_prepare();
    ready = true;
    head h = {data[0], data[1], data[2], data[3]};
    size_t last = sizeof(head) + STEPS * STEP_SIZE;
    scene_start(h.options, h.depth);
    is_vague = (h.options & 4) != 0;
    mistakes_start(h.level, h.protection);
    hook_start(mistakes_table(), mistakes_stale(), mistakes_type());
    for (size_t at = sizeof(head); at + STEP_SIZE <= size && at < last; at += STEP_SIZE)
        play(data + at);
    hook_set(HOOK_NONE);
    mistakes_end();
    scene_end();
    return 0;
}
