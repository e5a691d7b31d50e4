/* The gate: what a fork waits for, so that it copies no structure half-changed.
 *
 * A *window* is a short stretch of code that changes several words that belong together: no user
 * function and no wait inside.  Threads say that they are in one, each in a word of its own; a
 * thread that forks shuts the gate, waits until nobody is in a window, forks, and opens it again.
 * Whoever comes to a window meanwhile waits outside.
 *
 * Nobody waits without a bound.  A thread that has stood before the gate for too long goes on: it
 * is only the child that may then find something half-changed.  A fork that has waited too long for
 * a thread that is stopped in a window goes on as well.  The code inside windows is therefore
 * ordered so that a child that finds a stranger half-way loses something (a free slot, a count that
 * nobody will give back), and never has too much.
 *
 * Why a window is seen or held back: it is entered by a store to the own word and a load of the
 * gate, the fork changes the gate and then loads the words.  What the store and load need between
 * them is paid by the fork with the asymmetric barrier, or with a fence on both sides where there
 * is none. */
#ifndef HF_PLATFORM_GATE_H
#define HF_PLATFORM_GATE_H

#include "platform/platform.h"

#include <holdfast/base.h>

/* A window that a signal handler on the same thread must not enter again counts in the upper half
 * of the word.  Windows nest; only the outermost one waits. */
#define HF_WINDOW      UINT32_C(1)
#define HF_WINDOW_BUSY (UINT32_C(1) << 16)

/* Forks under way, and HF_GATE_FENCED where both sides need a fence. */
#define HF_GATE_FENCED (UINT32_C(1) << 31)
extern uint32_t hf_gate_state __attribute__((aligned(64))); /* seldom written */

/* The calling thread's word; that of a thread without one (a *stranger*) is always 0. */
extern __thread uint32_t *hf_gate_word __attribute__((tls_model("initial-exec")));
extern uint32_t hf_gate_no_word;

/* Gives the calling thread its word, which is 0; takes it away again. */
void hf_gate_adopt(uint32_t *word);
void hf_gate_abandon(void);

/* A window that was entered: the thread's word, and what it was before. */
typedef struct hf_window {
    uint32_t *word;
    uint32_t before;
} hf_window;

void hf_gate_enter_slow(uint32_t *word, uint32_t window);
void hf_gate_leave_stranger(void);

/* Enters a window, HF_WINDOW or HF_WINDOW_BUSY.  Answers what hf_gate_leave wants. */
static HF_ALWAYS_INLINE_ hf_window hf_gate_enter(uint32_t window)
{
    uint32_t *word = hf_gate_word;
    uint32_t before = __atomic_load_n(word, __ATOMIC_RELAXED);
    if (__builtin_expect(word == &hf_gate_no_word, 0)) {
        hf_gate_enter_slow(word, window);
        return (hf_window){word, 0};
    }
    __atomic_store_n(word, before + window, __ATOMIC_RELAXED);
    /* Orders the store before the load as far as the compiler is concerned.  Partner: the barrier
     * in hf_gate_shut. */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (__builtin_expect(__atomic_load_n(&hf_gate_state, __ATOMIC_RELAXED) != 0, 0))
        hf_gate_enter_slow(word, window);
    return (hf_window){word, before};
}

static HF_ALWAYS_INLINE_ void hf_gate_leave(hf_window window)
{
    if (__builtin_expect(window.word == &hf_gate_no_word, 0)) {
        hf_gate_leave_stranger();
        return;
    }
    /* Release: what was done in the window comes before.  Partner: the acquire in hf_gate_await. */
    __atomic_store_n(window.word, window.before, __ATOMIC_RELEASE);
}

/* Not 0 while the calling thread is in a window that a signal handler must not enter again. */
static inline uint32_t hf_gate_busy(void)
{
    return __atomic_load_n(hf_gate_word, __ATOMIC_RELAXED) & ~(HF_WINDOW_BUSY - 1);
}

/* Whether the calling thread is in a window: one that forks is so in a signal handler only. */
bool hf_gate_is_inside(void);

/* ---- for the fork --------------------------------------------------------------------------- */

/* Shuts the gate: from here on the calling thread is the forker, and does not wait before it. */
void hf_gate_shut(void);

/* Waits until a thread is in no window, or the strangers are in none; not beyond deadline_ns. */
void hf_gate_await(uint32_t *word, int64_t deadline_ns);
void hf_gate_await_strangers(int64_t deadline_ns);

/* Opens it again: in the parent, and in the child, where nobody else is left. */
void hf_gate_open(void);
void hf_gate_open_in_child(void);

#endif
