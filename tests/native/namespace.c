/* Owners of values, one thread at a time: who is told of whom, limits, failures, and a long random
 * comparison with a plain list. */
#include "core/owners.h"
#include "platform/platform.h"

#include <criterion/criterion.h>

enum { WINDOW = 16, SMALL_LIMIT = 1 << 20 };

static hf_namespace small_numbers = HF_NAMESPACE_INIT("small", HF_VALUES_SMALL);
static hf_namespace pointers = HF_NAMESPACE_INIT("pointers", HF_VALUES_SPARSE);

/* The n-th handle: odd and never null, as core's are. */
static hf_handle handle_of(uint64_t n)
{
    return (hf_handle){(n << 8) | 1};
}

static hf_handle own(hf_value value, uint64_t n)
{
    return hf_owners_enrol(&small_numbers, value, handle_of(n), false);
}

static hf_handle borrow(hf_value value, uint64_t n)
{
    return hf_owners_enrol(&small_numbers, value, handle_of(n), true);
}

static hf_handle find_owner(hf_value value)
{
    return hf_owners_find(&small_numbers, value, HF_NULL_HANDLE, false);
}

#define expect_handle(actual, n)                                       \
    cr_expect_eq((actual).bits, handle_of(n).bits, "got handle %#llx", \
                 (unsigned long long)(actual).bits)
#define expect_nobody(actual) \
    cr_expect(hf_handle_is_null(actual), "got handle %#llx", (unsigned long long)(actual).bits)

Test(namespace, owner_alone_sees_nobody)
{
    expect_nobody(own(5, 1));
    expect_handle(find_owner(5), 1);
}

Test(namespace, second_owner_is_told_of_the_first)
{
    expect_nobody(own(5, 1));
    expect_handle(own(5, 2), 1);
}

Test(namespace, owner_of_another_value_sees_nobody)
{
    expect_nobody(own(5, 1));
    expect_nobody(own(6, 2));
    expect_nobody(find_owner(7));
}

Test(namespace, owner_is_not_told_of_a_borrower)
{
    expect_nobody(borrow(5, 1));
    expect_nobody(own(5, 2));
}

Test(namespace, borrower_is_not_told_of_an_owner)
{
    expect_nobody(own(5, 1));
    expect_nobody(borrow(5, 2));
}

Test(namespace, find_tells_owners_from_borrowers)
{
    own(5, 1);
    borrow(5, 2);
    expect_handle(hf_owners_find(&small_numbers, 5, HF_NULL_HANDLE, false), 1);
    expect_handle(hf_owners_find(&small_numbers, 5, HF_NULL_HANDLE, true), 2);
}

Test(namespace, find_leaves_out_the_exception)
{
    own(5, 1);
    borrow(5, 2);
    expect_nobody(hf_owners_find(&small_numbers, 5, handle_of(1), false));
    expect_nobody(hf_owners_find(&small_numbers, 5, handle_of(2), true));
}

Test(namespace, struck_owner_is_not_found)
{
    own(5, 1);
    hf_owners_strike(&small_numbers, 5, handle_of(1));
    expect_nobody(find_owner(5));
    expect_nobody(own(5, 2));
}

Test(namespace, struck_borrower_is_not_found)
{
    borrow(5, 1);
    hf_owners_strike(&small_numbers, 5, handle_of(1));
    expect_nobody(hf_owners_find(&small_numbers, 5, HF_NULL_HANDLE, true));
}

Test(namespace, strike_takes_only_the_handle_that_is_named)
{
    own(5, 1);
    borrow(5, 2);
    hf_owners_strike(&small_numbers, 5, handle_of(2));
    hf_owners_strike(&small_numbers, 5, handle_of(3));
    hf_owners_strike(&small_numbers, 4, handle_of(1));
    expect_handle(find_owner(5), 1);
}

Test(namespace, unused_namespace_finds_and_strikes_nothing)
{
    hf_owners_strike(&small_numbers, 5, handle_of(1));
    expect_nobody(find_owner(5));
    cr_expect_null(small_numbers.owners);
}

Test(namespace, find_and_strike_in_memory_that_was_never_committed)
{
    own(5, 1);
    hf_owners_strike(&small_numbers, SMALL_LIMIT / 2, handle_of(2));
    expect_nobody(find_owner(SMALL_LIMIT / 2));
}

Test(namespace, value_zero_is_tracked)
{
    expect_nobody(own(0, 1));
    expect_handle(own(0, 2), 1);
}

Test(namespace, entry_without_a_mark_is_not_of_value_zero)
{
    own(1, 1);
    hf_owners_strike(&small_numbers, 1, handle_of(1));
    expect_nobody(find_owner(0));
}

Test(namespace, value_that_is_never_valid_is_not_tracked)
{
    expect_nobody(own(UINTPTR_MAX, 1));
    expect_nobody(own(UINTPTR_MAX, 2));
    expect_nobody(find_owner(UINTPTR_MAX));
    cr_expect_eq(small_numbers.untracked, 0);
}

Test(namespace, values_that_share_a_window_are_told_apart)
{
    expect_nobody(own(5, 1));
    expect_nobody(own(5 + SMALL_LIMIT, 2));
    expect_handle(own(5 + SMALL_LIMIT, 3), 2);
    expect_handle(find_owner(5), 1);
}

Test(namespace, window_wraps_at_the_last_value)
{
    expect_nobody(own(SMALL_LIMIT - 1, 1));
    expect_handle(own(SMALL_LIMIT - 1, 2), 1);
    expect_handle(own(SMALL_LIMIT - 1, 3), 1);
    hf_owners_strike(&small_numbers, SMALL_LIMIT - 1, handle_of(1));
    expect_nobody(hf_owners_find(&small_numbers, SMALL_LIMIT - 1, handle_of(1), true));
}

/* Fills the window of a value with 16 borrowers, from handle 1 on. */
static void fill_window(hf_value value)
{
    for (uint64_t n = 1; n <= WINDOW; n++)
        borrow(value, n);
    cr_assert_eq(small_numbers.untracked, 0);
}

Test(namespace, window_of_the_last_value_goes_on_at_the_first_entry)
{
    own(SMALL_LIMIT - 1, 100);
    own(SMALL_LIMIT - 1, 101); /* in the first entry */
    cr_expect_eq(small_numbers.untracked, 0);
    for (uint64_t n = 1; n <= WINDOW; n++)
        borrow(0, n);
    cr_expect_eq(small_numbers.untracked, 1);
}

Test(namespace, full_window_leaves_the_next_untracked)
{
    fill_window(5);
    expect_nobody(own(5, 100));
    cr_expect_eq(small_numbers.untracked, 1);
    expect_nobody(find_owner(5));
}

Test(namespace, untracked_owner_is_still_told_of_another)
{
    own(5, 200);
    for (uint64_t n = 1; n < WINDOW; n++)
        borrow(5, n);
    expect_handle(own(5, 100), 200);
    cr_expect_eq(small_numbers.untracked, 1);
}

Test(namespace, struck_entry_makes_room)
{
    fill_window(5);
    hf_owners_strike(&small_numbers, 5, handle_of(7));
    expect_nobody(own(5, 100));
    cr_expect_eq(small_numbers.untracked, 0);
    expect_handle(find_owner(5), 100);
}

Test(namespace, striking_an_untracked_handle_is_harmless)
{
    fill_window(5);
    own(5, 100);
    hf_owners_strike(&small_numbers, 5, handle_of(100));
    expect_handle(hf_owners_find(&small_numbers, 5, HF_NULL_HANDLE, true), 1);
}

Test(namespace, pointers_are_tracked)
{
    int here;
    hf_value value = (hf_value)&here;
    expect_nobody(hf_owners_enrol(&pointers, value, handle_of(1), false));
    expect_handle(hf_owners_enrol(&pointers, value, handle_of(2), false), 1);
    expect_nobody(hf_owners_enrol(&pointers, value + sizeof here, handle_of(3), false));
}

Test(namespace, namespaces_do_not_see_each_other)
{
    own(5, 1);
    expect_nobody(hf_owners_enrol(&pointers, 5, handle_of(2), false));
}

/* Pointers as an allocator gives them out: 16-byte steps must not fall into one window. */
Test(namespace, pointers_spread_over_the_entries)
{
    for (uint64_t n = 1; n <= 20000; n++)
        hf_owners_enrol(&pointers, 0x7f0000000000u + n * 16, handle_of(n), false);
    cr_expect_eq(pointers.untracked, 0, "%llu untracked", (unsigned long long)pointers.untracked);
}

#ifdef HF_FAULT_INJECTION
/* The first owner of a namespace while the n-th allocation fails; answers whether it came to that.
 */
static bool enrol_with_failure(uint64_t nth)
{
    hf_namespace fresh = HF_NAMESPACE_INIT("fresh", HF_VALUES_SMALL);
    hf_os_fail_allocation(nth);
    expect_nobody(hf_owners_enrol(&fresh, 5, handle_of(1), false));
    bool failed = hf_os_fail_allocation(0) >= nth;
    hf_handle found = hf_owners_find(&fresh, 5, HF_NULL_HANDLE, false);
    cr_expect_eq(hf_handle_is_null(found), failed);
    hf_owners_strike(&fresh, 5, handle_of(1));
    expect_nobody(hf_owners_enrol(&fresh, 5, handle_of(2), false));
    expect_handle(hf_owners_enrol(&fresh, 5, handle_of(3), false), 2);
    cr_expect_eq(fresh.untracked, failed ? 1 : 0);
    return failed;
}

/* A reservation, the book's head, a chunk of entries. */
Test(namespace, every_allocation_failure_leaves_the_handle_untracked)
{
    uint64_t nth = 1;
    while (enrol_with_failure(nth))
        nth++;
    cr_expect_eq(nth, 4);
}

/* The window of the last value of a chunk of 4,096 goes on in the next one. */
Test(namespace, second_chunk_that_cannot_be_committed_leaves_untracked)
{
    hf_value last = 4095;
    expect_nobody(own(last, 1));
    hf_os_fail_allocation(1);
    expect_handle(own(last, 2), 1);
    cr_expect_eq(hf_os_fail_allocation(0), 1);
    cr_expect_eq(small_numbers.untracked, 1);
    expect_handle(own(last, 3), 1);
    cr_expect_eq(small_numbers.untracked, 1);
}
#endif

/* ---- the model: a list -------------------------------------------------------------------------
 *
 * What several users would do, in random order.  So few handles live at once that no window can be
 * full, so the list is right about every answer. */

enum { MODEL_SIZE = 12, STEPS = 200000 };

typedef struct model_entry {
    hf_handle handle; /* null: nothing */
    hf_value value;
    bool borrowed;
} model_entry;

typedef struct model {
    hf_namespace *name_space;
    model_entry entries[MODEL_SIZE];
    uint64_t random;
    uint64_t issued;
} model;

static uint64_t model_random(model *m, uint64_t below)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random % below;
}

/* Whether `answer` is one of the handles it may be; null only if there is none. */
static bool model_allows(const model *m, hf_value value, hf_handle except, bool borrowed,
                         hf_handle answer)
{
    bool any = false;
    for (size_t i = 0; i < MODEL_SIZE; i++) {
        const model_entry *entry = &m->entries[i];
        if (hf_handle_is_null(entry->handle) || entry->value != value ||
            entry->borrowed != borrowed || hf_handle_equal(entry->handle, except))
            continue;
        if (hf_handle_equal(entry->handle, answer))
            return true;
        any = true;
    }
    return !any && hf_handle_is_null(answer);
}

/* Values that collide: neighbours, and the same entries one lap on. */
static hf_value model_value(model *m)
{
    return 4090 + model_random(m, 8) + SMALL_LIMIT * model_random(m, 2);
}

static bool model_enrol(model *m, model_entry *entry)
{
    *entry = (model_entry){handle_of(++m->issued), model_value(m), model_random(m, 3) == 0};
    hf_handle answer = hf_owners_enrol(m->name_space, entry->value, entry->handle, entry->borrowed);
    if (entry->borrowed)
        return hf_handle_is_null(answer);
    return model_allows(m, entry->value, entry->handle, false, answer);
}

static bool model_strike(model *m, model_entry *entry)
{
    hf_owners_strike(m->name_space, entry->value, entry->handle);
    entry->handle = HF_NULL_HANDLE;
    return true;
}

static bool model_find(model *m)
{
    hf_value value = model_value(m);
    bool borrowed = model_random(m, 2) == 0;
    hf_handle except = m->entries[model_random(m, MODEL_SIZE)].handle;
    hf_handle answer = hf_owners_find(m->name_space, value, except, borrowed);
    return model_allows(m, value, except, borrowed, answer);
}

static bool model_step(model *m)
{
    model_entry *entry = &m->entries[model_random(m, MODEL_SIZE)];
    if (model_random(m, 3) == 0)
        return model_find(m);
    return hf_handle_is_null(entry->handle) ? model_enrol(m, entry) : model_strike(m, entry);
}

static void compare_with_model(hf_namespace *name_space)
{
    model m = {.name_space = name_space, .random = UINT64_C(0x1234567)};
    for (unsigned step = 0; step < STEPS; step++)
        cr_assert(model_step(&m), "step %u differs from the list", step);
    cr_expect_eq(name_space->untracked, 0);
}

Test(namespace, random_operations_match_a_list_small)
{
    compare_with_model(&small_numbers);
}

Test(namespace, random_operations_match_a_list_sparse)
{
    compare_with_model(&pointers);
}
