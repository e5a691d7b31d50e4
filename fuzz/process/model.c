/* What is foretold.
 *
 * The model is small.  A handle that is closed and held by nothing is over, and its value released,
 * once and not before; a child holds its parent until it is over; a wait ends when what it waits
 * for is over.  Everything else is what a fork or the end of the process takes away. */
#include "scene.h"

#include <unistd.h>

/* ---- what holds what ------------------------------------------------------------------------ */

hf_table *table_of(const card *of)
{
    return s.tables[of->table];
}

bool is_alive(const card *of)
{
    return of->life == RESERVED || of->life == OPEN || of->life == CLOSED;
}

/* The card whose value is borrowed; NULL: none, or it has ended. */
static const card *owner_of(const card *of)
{
    const card *owner = of->owner != NOBODY ? &s.cards[of->owner] : NULL;
    return owner != NULL && owner->value == of->value && is_alive(owner) ? owner : NULL;
}

bool has_value(const card *of)
{
    return of->value != 0 && (of->owner == NOBODY || owner_of(of) != NULL);
}

unsigned holders_of(const card *of)
{
    int number = (int)(of - s.cards);
    unsigned count = 0;
    for (int i = 0; i < HOLDS; i++)
        count += s.holds[i].used && s.holds[i].card == number;
    for (int i = 0; i < CARDS; i++)
        count += is_alive(&s.cards[i]) && s.cards[i].parent == number;
    return count;
}

bool is_held_by(const card *of, int who)
{
    int number = (int)(of - s.cards);
    for (int i = 0; i < HOLDS; i++)
        if (s.holds[i].used && s.holds[i].card == number && s.holds[i].thread == who)
            return true;
    for (int i = 0; i < CARDS; i++)
        if (is_alive(&s.cards[i]) && s.cards[i].parent == number && is_held_by(&s.cards[i], who))
            return true;
    return false;
}

bool holds_anything(int who)
{
    bool found = false;
    for (int i = 0; i < HOLDS; i++)
        found = found || (s.holds[i].used && s.holds[i].thread == who);
    for (int i = 0; i < LOCKS; i++)
        found = found || s.lock_owner[i] == who;
    return found;
}

static bool holds_awaited(int who, int awaited, bool lock)
{
    return lock ? s.lock_owner[awaited] == who : is_held_by(&s.cards[awaited], who);
}

/* Depth first, over threads that wait for one thing. */
static bool leads_to(int goal, int awaited, bool lock, unsigned *seen)
{
    if (holds_awaited(goal, awaited, lock))
        return true;
    for (int i = 1; i < THREADS; i++) {
        const thread *one = &s.threads[i];
        if (one->repose == IDLE || one->awaited == NOBODY || (*seen >> i & 1) != 0 ||
            !holds_awaited(i, awaited, lock))
            continue;
        *seen |= 1u << i;
        if (leads_to(goal, one->awaited, one->repose == AT_LOCK, seen))
            return true;
    }
    return false;
}

bool would_deadlock(int who, int awaited, bool lock)
{
    unsigned seen = 0;
    return leads_to(who, awaited, lock, &seen);
}

/* ---- what follows --------------------------------------------------------------------------- */

static bool is_released(hf_value value)
{
    return atomic_load(&fake_of(value)->life) == FAKE_GONE;
}

static bool end_cards(void)
{
    bool changed = false;
    for (int i = 0; i < CARDS; i++) {
        card *of = &s.cards[i];
        if (of->life != CLOSED || holders_of(of) != 0 || s.exiting)
            continue;
        of->life = OVER;
        changed = true;
    }
    return changed;
}

static bool somebody_is_blocked(void)
{
    bool found = false;
    for (int i = 1; i < THREADS; i++)
        found = found || s.threads[i].repose == BLOCKED;
    return found;
}

static bool is_at_its_end(const card *of)
{
    hf_info info = {.size = (uint32_t)sizeof(info)};
    return (of->borrowed || of->poisoned || is_released(of->value)) &&
           of->completions == of->completions_due &&
           (of->orphan ||
            (hf_inspect(table_of(of), of->handle, &info) == HF_OK && info.life == HF_LIFE_CLOSED));
}

/* Whoever waits for many handles ends each on its own thread, and goes on waiting for the others.
 * On a busy machine that takes its time; who is not done after all of this never will be. */
static void await_end(const card *of)
{
    enum { NAP_US = 100, NAPS = 20 * 1000 * 1000 / NAP_US };
    for (int i = 0; i < NAPS && somebody_is_blocked() && !is_at_its_end(of); i++)
        (void)usleep(NAP_US);
}

static void check_card(const card *of)
{
    if (of->life == UNUSED)
        return;
    if (of->life == OVER && of->value != 0)
        await_end(of);
    bool ended = of->life == OVER && !of->borrowed && !of->poisoned;
    if (of->value != 0 && !of->borrowed)
        MUST(is_released(of->value) == (ended || of->life == SWEPT));
    MUST(of->completions == (of->life == OVER ? of->completions_due : 0) || of->in_doubt);
    if (of->orphan)
        return;
    hf_info info = {.size = (uint32_t)sizeof(info)};
    MUST(hf_inspect(table_of(of), of->handle, &info) == HF_OK);
    static const hf_life lives[] = {[RESERVED] = HF_LIFE_RESERVED,
                                    [OPEN] = HF_LIFE_OPEN,
                                    [CLOSED] = HF_LIFE_CLOSING,
                                    [SWEPT] = HF_LIFE_CLOSING,
                                    [OVER] = HF_LIFE_CLOSED};
    MUST(info.life == lives[of->life]);
    if (of->type != TYPE_LENIENT || of->life != CLOSED)
        MUST(hf_is_live(table_of(of), of->handle) == (of->life == OPEN));
}

void scene_settle(void)
{
    for (bool again = true; again;) {
        again = end_cards();
        again = wake_threads() || again;
    }
    for (int i = 0; i < CARDS; i++)
        check_card(&s.cards[i]);
    MUST(fake_world_is_sound(s.world));
}

/* ---- the ends of a process ------------------------------------------------------------------ */

static void drop_others(void)
{
    for (int i = 0; i < HOLDS; i++)
        if (s.holds[i].used && s.holds[i].thread > 0)
            s.holds[i].used = false;
    for (int i = 0; i < LOCKS; i++)
        if (s.lock_owner[i] > 0)
            s.lock_owner[i] = NOBODY;
    for (int i = 1; i < THREADS; i++)
        s.threads[i] = (thread){.who = NULL};
}

static int policy_of(const card *of)
{
    const card *by = of;
    if (of->borrowed && of->type < TYPE_NUMBERED_CLOSE)
        return HF_FORK_INHERIT;
    if (of->borrowed)
        by = owner_of(of);
    return by != NULL && (by->life == OPEN || by->life == CLOSED) ? (int)s.types[by->type].fork
                                                                  : HF_FORK_INHERIT;
}

void scene_become_child(void)
{
    int policies[CARDS];
    s.is_child = true;
    s.forks_left = 0;
    drop_others();
    for (int i = 0; i < CARDS; i++)
        policies[i] = policy_of(&s.cards[i]);
    for (int i = 0; i < CARDS; i++) {
        card *of = &s.cards[i];
        if ((of->life != OPEN && of->life != CLOSED) || policies[i] == HF_FORK_INHERIT)
            continue;
        of->life = CLOSED;
        if (policies[i] == HF_FORK_POISON) {
            of->poisoned = true;
            of->in_doubt = of->completions_due != 0;
        }
    }
}

/* Of a table that was destroyed, what is held was reported then. */
static bool is_swept(const card *of)
{
    return (of->life == OPEN || of->life == CLOSED) && !of->orphan && !of->borrowed &&
           !of->poisoned && (of->type == TYPE_FLUSHED || of->type == TYPE_LOST);
}

/* One handle that is to be flushed now, its children being gone. */
static card *next_to_flush(void)
{
    for (int i = 0; i < CARDS; i++) {
        card *of = &s.cards[i];
        if (is_swept(of) && of->type == TYPE_FLUSHED && holders_of(of) == 0)
            return of;
    }
    return NULL;
}

void scene_become_exiting(void)
{
    card *of;
    bool good = s.world->outcome == HF_OUTCOME_RELEASED;
    s.exiting = true;
    while ((of = next_to_flush()) != NULL) {
        of->life = SWEPT;
        if (!good)
            expect_report(HF_REPORT_LOST_AT_EXIT);
    }
    for (int i = 0; i < CARDS; i++)
        if (is_swept(&s.cards[i]))
            expect_report(HF_REPORT_LOST_AT_EXIT);
}
