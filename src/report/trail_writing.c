/* Trails are written: see trails.c for how that goes together with those who follow them. */
#include "report/store.h"
#include "report/trail_entry.h"
#include "report/trails.h"

/* Makes the version odd.  False: another thread writes the entry. */
static bool begin(hf_trail_entry *of, uint32_t *version)
{
    *version = atomic_load_explicit(&of->version, memory_order_relaxed);
    if (*version % 2 != 0 ||
        !atomic_compare_exchange_strong_explicit(&of->version, version, *version + 1,
                                                 memory_order_acquire, memory_order_relaxed))
        return false;
    /* Whoever reads a word that is written from here on, also finds the version odd, or a later
     * one.  Partner: the acquire loads in follow. */
    atomic_thread_fence(memory_order_release);
    return true;
}

/* Release: who reads the new version reads what was written.  Partner: version_of. */
static void end(hf_trail_entry *of, uint32_t version)
{
    atomic_store_explicit(&of->version, version + 2, memory_order_release);
}

static uint32_t groups_of(uint32_t count)
{
    return (count + HF_TRAIL_GROUP - 1) / HF_TRAIL_GROUP;
}

/* The last group is filled up with a word that it has already. */
static void write_list(hf_trail_group *to, const hf_os_trail *trail, unsigned list)
{
    uint32_t count = trail->count[list];
    for (uint32_t i = 0; i < groups_of(count) * HF_TRAIL_GROUP; i++) {
        uint32_t from = i < count ? i : count - 1;
        hf_trail_group *in = &to[i / HF_TRAIL_GROUP];
        atomic_store_explicit(&in->offsets[i % HF_TRAIL_GROUP], trail->offsets[list][from],
                              memory_order_relaxed);
        atomic_store_explicit(&in->values[i % HF_TRAIL_GROUP], trail->values[list][from],
                              memory_order_relaxed);
    }
}

static uint32_t groups_for(const hf_os_trail *trail)
{
    return groups_of(trail->count[HF_OS_PLAIN]) + groups_of(trail->count[HF_OS_RELATIVE]);
}

/* There is room for its groups. */
static void write(hf_trail_entry *to, const hf_trail_key *of, const hf_os_trail *trail,
                  uint32_t stack)
{
    uint32_t plain = groups_of(trail->count[HF_OS_PLAIN]);
    atomic_store_explicit(&to->return_address, of->return_address, memory_order_relaxed);
    atomic_store_explicit(&to->place, of->place, memory_order_relaxed);
    atomic_store_explicit(&to->stack, stack, memory_order_relaxed);
    atomic_store_explicit(&to->plain, (uint16_t)plain, memory_order_relaxed);
    atomic_store_explicit(&to->all, (uint16_t)groups_for(trail), memory_order_relaxed);
    write_list(to->groups, trail, HF_OS_PLAIN);
    write_list(to->groups + plain, trail, HF_OS_RELATIVE);
}

/* In the place of another.  The index is first: who still finds the former trail there does so
 * while the entry is being written, or has found it before. */
static void replace(_Atomic uint32_t *way, hf_trail_entry *to, const hf_trail_key *of,
                    const hf_os_trail *trail, uint32_t stack)
{
    uint32_t version;
    if (!begin(to, &version))
        return;
    /* Release: it was made before.  Partners: the acquires in recall and entry_in. */
    atomic_store_explicit(way, hf_trail_word_for(of, to), memory_order_release);
    write(to, of, trail, stack);
    end(to, version);
}

static _Atomic uint32_t used = sizeof(hf_trail_entry); /* of the room, in bytes */

static hf_trail_entry *take_room(uint32_t groups)
{
    uint32_t bytes =
        (uint32_t)(sizeof(hf_trail_entry) + groups * sizeof(hf_trail_group) + HF_TRAIL_UNIT - 1) /
        HF_TRAIL_UNIT * HF_TRAIL_UNIT;
    uint32_t start = atomic_load_explicit(&used, memory_order_relaxed);
    do { /* another thread took room meanwhile: look at what is left */
        if (bytes > HF_TRAIL_ROOM - start)
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&used, &start, start + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    return (hf_trail_entry *)(void *)(hf_trail_room + start);
}

/* A new entry.  What stood in its way, and was too small, is left: there are few sizes, and so it
 * happens to each way a few times at most.  When all room is taken, trails too long for the entry
 * that they would get are not kept. */
static void make(_Atomic uint32_t *way, uint32_t word, const hf_trail_key *of,
                 const hf_os_trail *trail, uint32_t stack)
{
    hf_trail_entry *made = take_room(groups_for(trail));
    if (made == NULL)
        return;
    made->capacity = groups_for(trail);
    write(made, of, trail, stack);
    /* Release: the entry is whole.  Partners: the acquires in recall and entry_in.  Who loses does
     * without. */
    (void)atomic_compare_exchange_strong_explicit(way, &word, hf_trail_word_for(of, made),
                                                  memory_order_release, memory_order_relaxed);
}

static bool is_free(_Atomic uint32_t *way)
{
    return atomic_load_explicit(&hf_trail_entry_in(way)->stack, memory_order_relaxed) == 0;
}

/* Which entry to give up: none if there is room; else one of another key, so that the stacks of one
 * key do not turn each other out; else one that depends on the stack. */
static _Atomic uint32_t *choose(const hf_trail_key *of, uint32_t stack)
{
    uint32_t start = (uint32_t)hf_hash_finish(stack);
    for (uint32_t i = 0; i < HF_TRAIL_WAYS; i++)
        if (is_free(&of->in[i]))
            return &of->in[i];
    for (uint32_t i = 0; i < HF_TRAIL_WAYS; i++)
        if (!hf_trail_has_key(hf_trail_entry_in(&of->in[(start + i) % HF_TRAIL_WAYS]), of))
            return &of->in[(start + i) % HF_TRAIL_WAYS];
    return &of->in[start % HF_TRAIL_WAYS];
}

void hf_trail_remember(const hf_os_walk_from *from, uint32_t depth, const hf_os_trail *trail,
                       uint32_t stack)
{
    if (!trail->whole || stack == 0)
        return;
    hf_trail_key wanted = hf_trail_key_from(from, depth);
    _Atomic uint32_t *way = choose(&wanted, stack);
    /* Acquire: the entry's capacity is written.  Partner: the release in make. */
    uint32_t word = atomic_load_explicit(way, memory_order_acquire);
    hf_trail_entry *there = hf_trail_entry_of(word);
    if (word != 0 && groups_for(trail) <= there->capacity)
        replace(way, there, &wanted, trail, stack);
    else
        make(way, word, &wanted, trail, stack);
}

static void forget(hf_trail_entry *forgotten)
{
    uint32_t version;
    if (atomic_load_explicit(&forgotten->stack, memory_order_relaxed) == 0 ||
        !begin(forgotten, &version))
        return;
    atomic_store_explicit(&forgotten->return_address, 0, memory_order_relaxed);
    atomic_store_explicit(&forgotten->stack, 0, memory_order_relaxed);
    end(forgotten, version);
}

void hf_trail_forget(void)
{
    for (size_t i = 0; i < sizeof hf_trail_sets / sizeof hf_trail_sets[0]; i++)
        for (size_t way = 0; way < HF_TRAIL_WAYS; way++)
            forget(hf_trail_entry_in(&hf_trail_sets[i][way]));
}
