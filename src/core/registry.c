/* The pool of tables: an array in reserved address space that only grows, searched without a lock.
 */
#include "core/registry.h"

static hf_table *pool;        /* reserved for HF_TABLES */
static uint32_t pool_count;   /* committed and ever used */
static hf_os_mutex pool_lock; /* growing and taking; readers need it not */

static uint32_t count_now(void)
{
    /* Acquire: partner is the release in grow. */
    return __atomic_load_n(&pool_count, __ATOMIC_ACQUIRE);
}

static size_t round_up(size_t bytes, size_t page)
{
    return (bytes + page - 1) & ~(page - 1);
}

static hf_status grow(hf_table **out)
{
    size_t page = hf_os_page_size();
    if (pool_count == HF_TABLES)
        return HF_E_TOO_MANY_TABLES;
    if (pool == NULL)
        pool = hf_os_reserve(round_up(HF_TABLES * sizeof(hf_table), page));
    if (pool == NULL)
        return HF_E_NO_ADDRESS_SPACE;
    uintptr_t start = (uintptr_t)&pool[pool_count] & ~(uintptr_t)(page - 1);
    uintptr_t end = round_up((uintptr_t)&pool[pool_count + 1], page);
    if (!hf_os_commit((void *)start, end - start))
        return HF_E_NO_MEMORY;
    *out = &pool[pool_count];
    __atomic_store_n(&(*out)->phase, HF_TABLE_STARTING, __ATOMIC_RELAXED);
    /* Release: the table is zeroed memory before anybody counts it.  Partner: count_now. */
    __atomic_store_n(&pool_count, pool_count + 1, __ATOMIC_RELEASE);
    return HF_OK;
}

static bool fits(const hf_table *table, uint64_t slot_capacity, uint64_t cold_stride)
{
    return __atomic_load_n(&table->phase, __ATOMIC_ACQUIRE) == HF_TABLE_IDLE &&
           (table->head.slots == NULL ||
            (table->slot_capacity == slot_capacity && table->cold_stride == cold_stride));
}

static hf_status take_locked(uint64_t slot_capacity, uint64_t cold_stride, hf_table **out)
{
    for (uint32_t i = 0; i < pool_count; i++) {
        if (fits(&pool[i], slot_capacity, cold_stride)) {
            __atomic_store_n(&pool[i].phase, HF_TABLE_STARTING, __ATOMIC_RELAXED);
            *out = &pool[i];
            return HF_OK;
        }
    }
    return grow(out);
}

hf_status hf_registry_take(uint64_t slot_capacity, uint64_t cold_stride, hf_table **out)
{
    hf_os_lock(&pool_lock);
    hf_status status = take_locked(slot_capacity, cold_stride, out);
    hf_os_unlock(&pool_lock);
    return status;
}

static bool is_in_use(const hf_table *table)
{
    return __atomic_load_n(&table->phase, __ATOMIC_ACQUIRE) >= HF_TABLE_OPEN;
}

static bool is_secret_taken(const hf_table *except, uint64_t secret)
{
    for (uint32_t i = 0; i < count_now(); i++)
        if (&pool[i] != except && is_in_use(&pool[i]) && pool[i].head.secret == secret)
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

uint64_t hf_registry_secret(const hf_table *table, uint64_t seed)
{
    uint64_t word = seed != 0 ? seed : hf_os_random();
    uint64_t secret;
    do {
        word += UINT64_C(0x9e3779b97f4a7c15);
        secret = mix(word) & ~HF_HANDLE_MARK_; /* handles stay odd */
    } while (is_secret_taken(table, secret));
    return secret;
}

bool hf_raw_is_plausible(const hf_table *table, uint64_t raw)
{
    uint64_t marks = HF_HANDLE_MARK_ | HF_LIVE_ | HF_HAZARD_;
    uint64_t place = HF_PLACE_(raw);
    return (raw & marks) == marks && hf_raw_index(raw) != 0 && hf_word_generation(raw) != 0 &&
           place < __atomic_load_n(&table->head.place_limit, __ATOMIC_RELAXED) &&
           hf_word_type(raw) < HF_TYPE_FIELDS && hf_type_of(table, raw) != NULL;
}

hf_table *hf_registry_find(hf_handle handle, const hf_table *except)
{
    for (uint32_t i = 0; i < count_now(); i++)
        if (&pool[i] != except && is_in_use(&pool[i]) &&
            hf_raw_is_plausible(&pool[i], handle.bits ^ pool[i].head.secret))
            return &pool[i];
    return NULL;
}
