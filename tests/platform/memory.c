/* Arrays in reserved memory: small ones cost no huge page, large ones are committed by huge pages.
 */
#include "platform/platform.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

enum { HUGE = 2 << 20 };

#define BYTES ((size_t)64 << 20)

static size_t resident_pages(void)
{
    unsigned long size, resident;
    FILE *file = fopen("/proc/self/statm", "r");
    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%lu %lu", &size, &resident), 2);
    fclose(file);
    return resident;
}

static char *reserve(size_t bytes)
{
    char *array = hf_os_reserve_array(bytes);
    cr_assert_not_null(array);
    return array;
}

Test(memory, small_part_of_an_array_costs_single_pages)
{
    char *array = reserve(BYTES);
    cr_assert(hf_os_commit(array, HF_OS_SMALL_PART));
    size_t before = resident_pages();
    array[0] = array[99] = 1;
    cr_assert_lt((resident_pages() - before) * hf_os_page_size(), (size_t)HUGE / 2);
    hf_os_unreserve(array, BYTES);
}

Test(memory, array_part_is_what_a_commit_takes)
{
    size_t page = hf_os_page_size();
    cr_assert_eq(hf_os_array_part(1), page);
    cr_assert_eq(hf_os_array_part(page + 1), 2 * page);
    cr_assert_eq(hf_os_array_part(HF_OS_SMALL_PART), HF_OS_SMALL_PART);
    cr_assert_eq(hf_os_array_part(HF_OS_SMALL_PART + 1), HF_OS_SMALL_PART + HUGE);
}

Test(memory, large_array_begins_with_a_huge_page_and_reads_as_zero)
{
    char *array = reserve(BYTES + 1);
    size_t part = hf_os_array_part(HF_OS_SMALL_PART + 1);
    cr_assert_eq((uintptr_t)array % HUGE, 0);
    cr_assert(hf_os_commit(array, part));
    for (size_t i = 0; i < part; i++)
        cr_assert_eq(array[i], 0);
    cr_assert(hf_os_commit(array + part, BYTES - part));
    array[BYTES - 1] = 1;
    hf_os_zero(array, BYTES);
    cr_assert_eq(array[BYTES - 1], 0);
    hf_os_unreserve(array, BYTES + hf_os_page_size());
}

Test(memory, array_of_one_page_and_of_too_much)
{
    char *array = reserve(1);
    cr_assert(hf_os_commit(array, hf_os_array_part(1)));
    array[0] = 1;
    hf_os_unreserve(array, hf_os_page_size());
    cr_assert_null(hf_os_reserve_array(SIZE_MAX / 2));
}

/* ---- what can be read ----------------------------------------------------------------------- */

Test(memory, readable_is_what_is_mapped_to_be_read)
{
    size_t page = hf_os_page_size();
    char *pages = mmap(NULL, 3 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uintptr_t first = (uintptr_t)pages;
    cr_assert_neq(pages, MAP_FAILED);
    cr_assert_eq(mprotect(pages + 2 * page, page, PROT_NONE), 0);
    errno = ENOTTY;
    cr_expect(hf_os_can_read(first, 1));
    cr_expect(hf_os_can_read(first, 2 * page));
    cr_expect(hf_os_can_read(first + 2 * page - 1, 1));
    cr_expect_not(hf_os_can_read(first + 2 * page - 1, 2));
    cr_expect_not(hf_os_can_read(first, 2 * page + 1));
    cr_expect_not(hf_os_can_read(first + 2 * page, page));
    cr_expect_eq(errno, ENOTTY);
    cr_assert_eq(munmap(pages, 3 * page), 0);
}

Test(memory, readable_is_nothing_beyond_the_addresses)
{
    cr_expect_not(hf_os_can_read(0, 1));
    cr_expect_not(hf_os_can_read(UINTPTR_MAX, 1));
    cr_expect_not(hf_os_can_read(UINTPTR_MAX, 2));
    cr_expect_not(hf_os_can_read(UINTPTR_MAX - 4096, SIZE_MAX));
    cr_expect_not(hf_os_can_read((uintptr_t)&errno, SIZE_MAX));
}
