/* The reader's index of pairs of numbers. */
#include "index.h"

#include <criterion/criterion.h>

enum { MANY = 300 };

static void must_find_all(const hf_index *index, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        cr_assert_eq(hf_index_get(index, i, i % 3), (uint32_t)i * 2, "%u of %u", (unsigned)i,
                     (unsigned)count);
}

Test(trace_index, each_is_found_and_others_are_not_whatever_its_size)
{
    hf_index index = {.entries = NULL};
    cr_expect_eq(hf_index_get(&index, 0, 0), UINT32_MAX);
    for (uint64_t i = 0; i < MANY; i++) {
        cr_assert(hf_index_set(&index, i, i % 3, (uint32_t)i * 2));
        cr_assert_eq(hf_index_get(&index, MANY, 0), UINT32_MAX);
        cr_assert_eq(hf_index_get(&index, i, 3), UINT32_MAX);
        must_find_all(&index, i + 1);
    }
    hf_index_free(&index);
}

Test(trace_index, what_is_set_again_has_its_new_value)
{
    hf_index index = {.entries = NULL};
    for (uint32_t value = 0; value < MANY; value++)
        cr_assert(hf_index_set(&index, 5, 6, value));
    cr_expect_eq(hf_index_get(&index, 5, 6), MANY - 1);
    cr_expect_eq(index.count, 1);
    hf_index_free(&index);
}
