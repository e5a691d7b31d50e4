/* The gate.  Strangers, who have no word of their own, share a counter; what each adds to it, and
 * how many forks it is in, a thread also keeps for itself. */
#include "platform/gate.h"

#include "platform/fence.h"

enum { SLICE_NS = 100 * 1000, OUTSIDE_SLICES = 1000 }; /* 100 ms before the gate in all */

#if defined(HF_FENCES) || defined(HF_TSAN_BUILD_)
uint32_t hf_gate_state = HF_GATE_FENCED;
#else
uint32_t hf_gate_state;
#endif

uint32_t hf_gate_no_word;
static uint32_t strangers __attribute__((aligned(64))); /* how many windows they are in */

__thread uint32_t *hf_gate_word = &hf_gate_no_word;

static __thread struct {
    uint32_t forks;   /* forks of this thread that are under way */
    uint32_t strange; /* windows that this thread is in as a stranger */
} here __attribute__((tls_model("initial-exec")));

void hf_gate_adopt(uint32_t *word)
{
    if (!hf_os_barrier_is_asymmetric())
        (void)__atomic_fetch_or(&hf_gate_state, HF_GATE_FENCED, __ATOMIC_RELAXED);
    hf_gate_word = word;
}

void hf_gate_abandon(void)
{
    hf_gate_word = &hf_gate_no_word;
}

/* Says that this thread is in the window, or (sign -1) that it is not yet. */
static void announce(uint32_t *word, uint32_t window, int sign)
{
    uint32_t change = sign > 0 ? window : 0u - window;
    if (word == &hf_gate_no_word)
        (void)__atomic_fetch_add(&strangers, (uint32_t)sign, __ATOMIC_SEQ_CST);
    else
        /* Release: as in hf_gate_leave. */
        __atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) + change, __ATOMIC_RELEASE);
    /* Partner: the barrier in hf_gate_shut, which is a fence where this one matters. */
    hf_full_fence();
}

void hf_gate_enter_slow(uint32_t *word, uint32_t window)
{
    bool stranger = word == &hf_gate_no_word;
    bool nested = here.strange != 0 || here.forks != 0;
    if (stranger) {
        here.strange++;
        announce(word, window, 1);
    } else {
        nested |= __atomic_load_n(word, __ATOMIC_RELAXED) != window;
        hf_full_fence(); /* the word was written by hf_gate_enter; partner as in announce */
    }
    for (int i = 0; i < OUTSIDE_SLICES && !nested; i++) {
        uint32_t state = __atomic_load_n(&hf_gate_state, __ATOMIC_SEQ_CST);
        if ((state & ~HF_GATE_FENCED) == 0)
            break;
        announce(word, window, -1);
        hf_os_wait(&hf_gate_state, state, SLICE_NS);
        announce(word, window, 1);
    }
}

void hf_gate_leave_stranger(void)
{
    here.strange--;
    /* Release: as in hf_gate_leave. */
    (void)__atomic_fetch_sub(&strangers, 1, __ATOMIC_RELEASE);
}

bool hf_gate_is_inside(void)
{
    return __atomic_load_n(hf_gate_word, __ATOMIC_RELAXED) != 0 || here.strange != 0;
}

/* ---- for the fork --------------------------------------------------------------------------- */

void hf_gate_shut(void)
{
    here.forks++;
    (void)__atomic_fetch_add(&hf_gate_state, 1, __ATOMIC_SEQ_CST);
    /* Partner: hf_gate_enter and announce.  After it, whoever did not see the gate shut is seen. */
    hf_os_barrier_heavy();
}

static void await(uint32_t *word, uint32_t own, int64_t deadline_ns)
{
    /* Acquire: partner is the release in hf_gate_leave. */
    uint32_t seen = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    while (seen != own && hf_os_now_ns() < deadline_ns) {
        /* Nobody wakes us: that would cost those who leave a window. */
        hf_os_wait(word, seen, SLICE_NS);
        seen = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    }
}

void hf_gate_await(uint32_t *word, int64_t deadline_ns)
{
    await(word, 0, deadline_ns);
}

void hf_gate_await_strangers(int64_t deadline_ns)
{
    await(&strangers, here.strange, deadline_ns);
}

void hf_gate_open(void)
{
    here.forks--;
    (void)__atomic_fetch_sub(&hf_gate_state, 1, __ATOMIC_SEQ_CST);
    hf_os_wake_all(&hf_gate_state);
}

void hf_gate_open_in_child(void)
{
    uint32_t fenced = __atomic_load_n(&hf_gate_state, __ATOMIC_RELAXED) & HF_GATE_FENCED;
    here.forks--;
    /* What is left of both is this thread's: a fork inside a handler of a fork, or inside a signal
     * handler that interrupted a window. */
    __atomic_store_n(&hf_gate_state, fenced | here.forks, __ATOMIC_RELAXED);
    __atomic_store_n(&strangers, here.strange, __ATOMIC_RELAXED);
}
