/* The pool of tables: an array in reserved address space that only grows.  No lock.
 *
 * A table is taken by the compare-and-swap that turns its phase from IDLE to STARTING: one thread
 * wins, and all else in the table is his until he turns the phase again.  The pool grows in three
 * steps, each of which may be done by several threads at once, or be left half-way by one that
 * never goes on:
 * (1) the array is reserved and published by compare-and-swap; the loser gives his back;
 * (2) the pages of the next table are committed, which may be repeated and does not change what
 *     lies in them: zero, and so an IDLE table without address space of its own;
 * (3) the count goes from the number that was found to the next by compare-and-swap; the loser
 *     finds that the winner has done it.
 * Whoever grows the pool then takes a table like everybody else, and may lose it to another, who
 * was served instead.  So (a) no table has two takers, because of the one compare-and-swap; (b) a
 * thread that stops anywhere leaves at worst the table that it has taken out of use; (c) a table
 * that is counted lies in committed memory: who reads the count with acquire sees (1) and (2). */
#include "core/registry.h"

static hf_table *pool;      /* reserved for HF_TABLES */
static uint32_t pool_count; /* committed and ever used */

static uint32_t count_now(void)
{
    /* Acquire: partner is the release in grow. */
    return __atomic_load_n(&pool_count, __ATOMIC_ACQUIRE);
}

static size_t round_up(size_t bytes, size_t page)
{
    return (bytes + page - 1) & ~(page - 1);
}

/* Step (1). */
static hf_table *reserve_pool(void)
{
    size_t bytes = round_up(HF_TABLES * sizeof(hf_table), hf_os_page_size());
    hf_table *known = __atomic_load_n(&pool, __ATOMIC_ACQUIRE);
    hf_table *fresh = known == NULL ? hf_os_reserve(bytes) : NULL;
    if (fresh == NULL)
        return known;
    if (__atomic_compare_exchange_n(&pool, &known, fresh, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return fresh;
    hf_os_unreserve(fresh, bytes);
    return known;
}

/* Adds a table to the `count` that there were, unless another thread has. */
static hf_status grow(uint32_t count)
{
    size_t page = hf_os_page_size();
    if (count == HF_TABLES)
        return HF_E_TOO_MANY_TABLES;
    hf_table *tables = reserve_pool();
    if (tables == NULL)
        return HF_E_NO_ADDRESS_SPACE;
    uintptr_t start = (uintptr_t)&tables[count] & ~(uintptr_t)(page - 1);
    uintptr_t end = round_up((uintptr_t)&tables[count + 1], page);
    if (!hf_os_commit((void *)start, end - start))
        return HF_E_NO_MEMORY;
    /* Release: the table is zeroed memory before anybody counts it.  Partner: count_now. */
    (void)__atomic_compare_exchange_n(&pool_count, &count, count + 1, false, __ATOMIC_ACQ_REL,
                                      __ATOMIC_RELAXED);
    return HF_OK;
}

/* What the next two read of a table that is not theirs is written atomically, and kept by a table
 * that has slots. */
static bool has_shape(const hf_table *table, uint64_t slot_capacity, uint64_t cold_stride)
{
    return __atomic_load_n(&table->head.slots, __ATOMIC_RELAXED) == NULL ||
           (__atomic_load_n(&table->slot_capacity, __ATOMIC_RELAXED) == slot_capacity &&
            __atomic_load_n(&table->cold_stride, __ATOMIC_RELAXED) == cold_stride);
}

/* Takes the table if it is idle and of that shape, which is certain only once it is taken: another
 * may have had it since the first look. */
static bool try_take(hf_table *table, uint64_t slot_capacity, uint64_t cold_stride)
{
    uint32_t idle = HF_TABLE_IDLE;
    /* Acquire: what the last one to have it left there.  Partner: the release in hf_table_retire,
     * and the one below. */
    if (__atomic_load_n(&table->phase, __ATOMIC_RELAXED) != HF_TABLE_IDLE ||
        !has_shape(table, slot_capacity, cold_stride) ||
        !__atomic_compare_exchange_n(&table->phase, &idle, HF_TABLE_STARTING, false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    if (has_shape(table, slot_capacity, cold_stride))
        return true;
    __atomic_store_n(&table->phase, HF_TABLE_IDLE, __ATOMIC_RELEASE);
    return false;
}

hf_status hf_registry_take(uint64_t slot_capacity, uint64_t cold_stride, hf_table **out)
{
    for (;;) {
        uint32_t count = count_now();
        for (uint32_t i = 0; i < count; i++) {
            *out = &pool[i];
            if (try_take(*out, slot_capacity, cold_stride))
                return HF_OK;
        }
        hf_status status = grow(count);
        if (status != HF_OK)
            return status;
        /* There is one more, ours to try for. */
    }
}

static uint64_t secret_of(const hf_table *table)
{
    return __atomic_load_n(&table->head.secret, __ATOMIC_SEQ_CST);
}

/* By a table in use, or one that is being created.  The secret is looked at before the phase: who
 * sees a secret sees the phase that it was chosen in. */
static bool is_secret_taken(const hf_table *except, uint64_t secret)
{
    for (uint32_t i = 0; i < count_now(); i++)
        if (&pool[i] != except && secret_of(&pool[i]) == secret &&
            __atomic_load_n(&pool[i].phase, __ATOMIC_ACQUIRE) != HF_TABLE_IDLE)
            return true;
    return false;
}

/* The finaliser of splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", 2014). */
static uint64_t mix(uint64_t word)
{
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

void hf_registry_choose_secret(hf_table *table, uint64_t seed)
{
    uint64_t word = seed != 0 ? seed : hf_os_random();
    uint64_t secret;
    do {
        word += UINT64_C(0x9e3779b97f4a7c15);
        secret = mix(word) & ~HF_HANDLE_MARK_; /* handles stay odd */
        /* Seq_cst, and before the look at the others': of two that choose the same at once, at
         * least one sees the other's, and goes on.  Partner: the load in secret_of. */
        __atomic_store_n(&table->head.secret, secret, __ATOMIC_SEQ_CST);
    } while (is_secret_taken(table, secret));
}

bool hf_raw_is_plausible(const hf_table *table, uint64_t raw)
{
    uint64_t marks = HF_HANDLE_MARK_ | HF_LIVE_ | HF_HAZARD_;
    uint64_t place = HF_PLACE_(raw);
    return (raw & marks) == marks && hf_raw_index(raw) != 0 && hf_word_generation(raw) != 0 &&
           place < __atomic_load_n(&table->head.place_limit, __ATOMIC_RELAXED) &&
           hf_word_type(raw) < HF_TYPE_FIELDS_ && hf_type_of(table, raw) != NULL;
}

hf_table *hf_registry_at(uint32_t number)
{
    return number < count_now() ? &pool[number] : NULL;
}

hf_table *hf_registry_find(hf_handle handle, const hf_table *except)
{
    for (uint32_t i = 0; i < count_now(); i++)
        if (&pool[i] != except && hf_table_is_in_use(&pool[i]) &&
            hf_raw_is_plausible(&pool[i], handle.bits ^ secret_of(&pool[i])))
            return &pool[i];
    return NULL;
}
