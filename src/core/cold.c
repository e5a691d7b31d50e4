/* Cold records: committing, writing and reading them. */
#include "core/cold.h"

#include "core/group.h"

uint32_t hf_cold_lives(unsigned level)
{
    if (level == 0)
        return 1;
    return level == 1 ? 2 : 8;
}

uint64_t hf_cold_stride(unsigned level)
{
    return sizeof(hf_cold) + hf_cold_lives(level) * sizeof(hf_cold_life);
}

static uint32_t life_count(const hf_table *table)
{
    return table->cold_lives;
}

/* Reserves the array; of two threads that do so at once, the loser gives his back. */
static char *reserve(hf_table *table)
{
    size_t page = hf_os_page_size();
    size_t bytes = (table->slot_capacity * table->cold_stride + page - 1) & ~(page - 1);
    char *fresh = hf_os_reserve(bytes);
    char *old = NULL;
    if (fresh == NULL)
        return NULL;
    if (__atomic_compare_exchange_n(&table->cold, &old, fresh, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return fresh;
    hf_os_unreserve(fresh, bytes);
    return old;
}

/* Commits records in whole pages: the last one may reach into a page that is committed already. */
static bool commit_upto(hf_table *table, char *cold, uint64_t have, uint32_t index)
{
    enum { STEP = 256 };
    uintptr_t page = hf_os_page_size();
    uint64_t want = ((uint64_t)index / STEP + 1) * STEP;
    uintptr_t start = ((uintptr_t)cold + have * table->cold_stride) & ~(page - 1);
    uintptr_t end = ((uintptr_t)cold + want * table->cold_stride + page - 1) & ~(page - 1);
    if (!hf_os_commit((void *)start, end - start))
        return false;
    while (have <
               want && /* Release: committed before it is read.  Partner: the acquire in limit. */
           !__atomic_compare_exchange_n(&table->cold_limit, &have, want, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED)) {
    }
    return true;
}

static uint64_t limit(const hf_table *table)
{
    return __atomic_load_n(&table->cold_limit, __ATOMIC_ACQUIRE);
}

size_t hf_cold_bytes(const hf_table *table)
{
    size_t page = hf_os_page_size();
    return (limit(table) * table->cold_stride + page - 1) & ~(page - 1);
}

static void show(const hf_table *table, uint32_t index)
{
    if (hf_poisons())
        hf_unpoison(hf_cold_at(table, index), table->cold_stride);
}

void hf_cold_hide(const hf_table *table, uint32_t index)
{
    const hf_cold *cold = hf_cold_at(table, index);
    if (cold != NULL)
        hf_poison(cold, table->cold_stride);
}

void hf_cold_hide_all(const hf_table *table)
{
    if (table->cold != NULL)
        hf_poison(table->cold, limit(table) * table->cold_stride);
}

bool hf_cold_commit_slow(hf_table *table, uint32_t index)
{
    uint64_t have = limit(table);
    if (index >= have) {
        char *cold = __atomic_load_n(&table->cold, __ATOMIC_ACQUIRE);
        if (cold == NULL)
            cold = reserve(table);
        if (cold == NULL || !commit_upto(table, cold, have, index))
            return false;
    }
    show(table, index);
    return true;
}

hf_cold *hf_cold_at(const hf_table *table, uint32_t index)
{
    if (index >= limit(table))
        return NULL;
    /* Relaxed: what limit acquired came after the array was reserved. */
    char *cold = __atomic_load_n(&table->cold, __ATOMIC_RELAXED);
    return (hf_cold *)(void *)(cold + index * table->cold_stride);
}

#define PUT(field, word) __atomic_store_n(&(field), (word), __ATOMIC_RELAXED)
#define GET(field)       __atomic_load_n(&(field), __ATOMIC_RELAXED)

/* By a mask: with a branch, each field's address is computed apart. */
static inline uint32_t next_place(const hf_table *table, uint32_t newest)
{
    uint32_t next = newest + 1;
    return next & (0 - (uint32_t)(next != life_count(table)));
}

static HF_ALWAYS_INLINE_ void open_life(hf_table *table, uint64_t raw, hf_value value,
                                        const hf_open_options *options, const char *label,
                                        hf_trace opened)
{
    hf_cold *cold = hf_cold_at(table, hf_raw_index(raw));
    /* A store before any load: of a page that is new, a load would cost a fault of its own. */
    PUT(cold->identified, 0u);
    uint32_t newest = next_place(table, GET(cold->newest));
    hf_cold_life *life = &cold->lives[newest];
    PUT(life->raw, UINT64_C(0));
    /* Orders the mark before the fields that it guards.  Partner: the fence in read_life. */
    hf_release_fence();
    PUT(life->value, (uint64_t)value);
    PUT(life->label, label);
    PUT(life->parent, options != NULL ? options->parent.bits : 0);
    PUT(life->borrowed, (uint64_t)(options != NULL && options->borrowed));
    PUT(life->opened, hf_trace_pack(opened));
    PUT(life->closed, UINT64_C(0));
    PUT(cold->group, options != NULL ? hf_group_number(options->group) : 0);
    /* Release: the fields come before.  Partner: the acquire in read_life. */
    __atomic_store_n(&life->raw, raw, __ATOMIC_RELEASE);
    PUT(cold->newest, newest);
}

void hf_cold_open(hf_table *table, uint64_t raw, hf_value value, const hf_open_options *options,
                  hf_trace opened)
{
    open_life(table, raw, value, options, options != NULL ? options->label : NULL, opened);
}

HF_HOT void hf_cold_open_plain(hf_table *table, uint64_t raw, hf_value value, const char *label,
                               hf_trace opened)
{
    open_life(table, raw, value, NULL, label, opened);
}

static inline hf_cold_life *find_in(hf_cold *cold, const hf_table *table, uint64_t raw)
{
    if (cold == NULL)
        return NULL;
    /* Mostly it is the newest that is wanted. */
    hf_cold_life *newest = &cold->lives[GET(cold->newest)];
    if (HF_LIKELY(__atomic_load_n(&newest->raw, __ATOMIC_ACQUIRE) == raw))
        return newest;
    for (uint32_t i = 0; i < life_count(table); i++)
        if (__atomic_load_n(&cold->lives[i].raw, __ATOMIC_ACQUIRE) == raw)
            return &cold->lives[i];
    return NULL;
}

static hf_cold_life *find_life(const hf_table *table, uint64_t raw)
{
    return find_in(hf_cold_at(table, hf_raw_index(raw)), table, raw);
}

void hf_cold_set_value(hf_table *table, uint64_t raw, hf_value value)
{
    hf_cold_life *life = find_life(table, raw);
    if (life != NULL)
        PUT(life->value, (uint64_t)value);
}

void hf_cold_set_then(hf_table *table, uint64_t raw, hf_completion then, void *context)
{
    hf_cold *cold = hf_cold_at(table, hf_raw_index(raw));
    PUT(cold->then, then);
    PUT(cold->then_context, context);
    /* Release: last, because a forked child may find the record half-written. */
    __atomic_store_n(&cold->then_raw, raw, __ATOMIC_RELEASE);
}

hf_completion hf_cold_then(const hf_table *table, uint64_t raw, void **context)
{
    const hf_cold *cold = hf_cold_at(table, hf_raw_index(raw));
    if (__atomic_load_n(&cold->then_raw, __ATOMIC_ACQUIRE) != raw)
        return NULL;
    *context = GET(cold->then_context);
    return GET(cold->then);
}

HF_HOT bool hf_cold_close(hf_table *table, uint64_t raw, hf_trace closed)
{
    hf_cold *cold = hf_cold_at(table, hf_raw_index(raw));
    hf_cold_life *life = find_in(cold, table, raw);
    if (life == NULL)
        return false;
    PUT(life->closed, hf_trace_pack(closed));
    return GET(life->borrowed) == 0 && GET(life->parent) == 0 && GET(cold->group) == 0 &&
           GET(cold->identified) == 0;
}

/* Copies a life; false if it is overwritten meanwhile. */
static bool copy_life(const hf_cold_life *life, uint64_t raw, hf_cold_life *copy)
{
    *copy = (hf_cold_life){.raw = raw,
                           .value = GET(life->value),
                           .label = GET(life->label),
                           .parent = GET(life->parent),
                           .opened = GET(life->opened),
                           .closed = GET(life->closed),
                           .borrowed = GET(life->borrowed)};
    /* Orders the copy before the second look.  Partner: the fence in hf_cold_open. */
    hf_acquire_fence();
    return GET(life->raw) == raw;
}

static bool read_life(const hf_table *table, uint64_t raw, hf_cold_life *copy)
{
    const hf_cold_life *life = find_life(table, raw);
    return life != NULL && copy_life(life, raw, copy);
}

bool hf_cold_read(const hf_table *table, uint32_t index, uint32_t number, hf_cold_life *copy)
{
    const hf_cold *cold = hf_cold_at(table, index);
    if (cold == NULL)
        return false;
    const hf_cold_life *life = &cold->lives[number];
    uint64_t raw = __atomic_load_n(&life->raw, __ATOMIC_ACQUIRE);
    return raw != 0 && copy_life(life, raw, copy);
}

bool hf_cold_is_borrowed(const hf_table *table, uint64_t raw)
{
    const hf_cold_life *life = hf_raw_has_cold(raw) ? find_life(table, raw) : NULL;
    return life != NULL && GET(life->borrowed) != 0;
}

hf_handle hf_cold_parent(const hf_table *table, uint64_t raw)
{
    const hf_cold_life *life = hf_raw_has_cold(raw) ? find_life(table, raw) : NULL;
    uint64_t parent = life != NULL ? GET(life->parent) : 0;
    /* The life may have been overwritten meanwhile, when the handle is not held. */
    return (hf_handle){life != NULL && GET(life->raw) == raw ? parent : 0};
}

/* The state is read before and after: when both are of one life, so is the group in between. */
static uint32_t group_of(const hf_table *table, uint32_t index, uint64_t *state)
{
    const hf_slot_ *slot = hf_slot_at(table, index);
    *state = hf_state_load(slot);
    const hf_cold *cold = hf_raw_has_cold(*state) ? hf_cold_at(table, index) : NULL;
    uint32_t group = cold != NULL ? GET(cold->group) : 0;
    /* Orders the group before the second look.  Partner: the fence in hf_cold_open, which comes
     * after the end of the former life. */
    hf_acquire_fence();
    return hf_state_is_life_of(GET(slot->state), *state) ? group : 0;
}

uint32_t hf_cold_group(const hf_table *table, uint32_t index)
{
    uint64_t state;
    return group_of(table, index, &state);
}

bool hf_cold_is_of_group(const hf_table *table, uint32_t index, uint32_t group, uint64_t *raw)
{
    uint64_t state;
    if (group_of(table, index, &state) != group)
        return false;
    *raw = hf_raw_of_state(state, index);
    return true;
}

uint32_t hf_cold_children(const hf_table *table, uint64_t raw)
{
    const hf_cold *cold = hf_cold_at(table, hf_raw_index(raw));
    return cold != NULL ? GET(cold->children) : 0;
}

uint64_t hf_cold_note_reference(hf_table *table, uint64_t raw, hf_trace taken)
{
    hf_cold *cold = hf_raw_has_cold(raw) ? hf_cold_at(table, hf_raw_index(raw)) : NULL;
    for (uint64_t i = 0; cold != NULL && i < HF_COLD_REFERENCES; i++) {
        uint64_t none = 0;
        if (__atomic_compare_exchange_n(&cold->references[i], &none, hf_trace_pack(taken), false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            return i + 1;
    }
    return 0;
}

void hf_cold_drop_reference(hf_table *table, uint64_t raw, uint64_t note)
{
    hf_cold *cold = note != 0 ? hf_cold_at(table, hf_raw_index(raw)) : NULL;
    if (cold != NULL)
        PUT(cold->references[note - 1], UINT64_C(0));
}

/* Of a handle that is still a member; the name lasts as long as it is. */
static const char *group_name(const hf_table *table, uint64_t raw)
{
    uint64_t state;
    const hf_group *group = hf_group_at(group_of(table, hf_raw_index(raw), &state));
    return group != NULL && hf_state_is_life_of(state, raw) ? group->name : NULL;
}

hf_event_party hf_cold_party(const hf_table *table, uint64_t raw)
{
    const hf_type *type = hf_type_of(table, raw);
    hf_event_party party = {.handle = hf_handle_of(table, raw),
                            .type_name = type != NULL ? type->name : NULL};
    hf_cold_life life;
    if (hf_raw_has_cold(raw) && read_life(table, raw, &life)) {
        party.group_name = group_name(table, raw);
        party.value = (hf_value)life.value;
        party.label = life.label;
        party.opened = hf_trace_unpack(life.opened);
        party.closed = hf_trace_unpack(life.closed);
    }
    return party;
}
