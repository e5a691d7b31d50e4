/* Memory mappings and shared objects. */
#include <dlfcn.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "native_support.h"

TestSuite(mapping, .init = table_up, .fini = table_down);

enum { LENGTH = 3 * 65536 };

static char *must_map(void)
{
    char *address = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(address, MAP_FAILED);
    return address;
}

static hf_handle must_open_mapping(void *address, size_t length)
{
    hf_handle handle = HF_NULL_HANDLE;
    MUST_OK(hf_mapping_open(table, address, length, NULL, &handle));
    return handle;
}

static bool is_mapped(void *address)
{
    unsigned char pages[LENGTH / 4096];
    return mincore(address, LENGTH, pages) == 0;
}

Test(mapping, used_in_a_region_and_closed)
{
    hf_region region;
    char *address = must_map();
    hf_handle handle = must_open_mapping(address, LENGTH);
    MUST_OK(hf_enter(table, handle, &hf_type_mapping, &region));
    const hf_mapping *mapping = hf_value_mapping(region.value);
    cr_expect_eq(mapping->address, address);
    cr_expect_eq(mapping->length, LENGTH);
    ((char *)mapping->address)[LENGTH - 1] = 'x';
    hf_leave(&region);
    cr_expect(is_mapped(address));
    must_close(handle, HF_OUTCOME_RELEASED, 0);
    cr_expect_not(is_mapped(address));
    expect_no_findings();
}

Test(mapping, closed_twice)
{
    hf_handle handle = must_open_mapping(must_map(), LENGTH);
    must_close(handle, HF_OUTCOME_RELEASED, 0);
    MUST(hf_close(table, handle, NULL), HF_E_STALE_HANDLE);
    expect_only_finding(HF_REPORT_DOUBLE_CLOSE, handle, HF_NULL_HANDLE);
}

Test(mapping, that_cannot_be_unmapped)
{
    char *address = must_map();
    hf_handle handle = must_open_mapping(address + 1, LENGTH - 1);
    errno = 12345;
    must_close(handle, HF_OUTCOME_NOT_RELEASED, EINVAL);
    cr_expect_eq(errno, 12345);
    cr_expect(is_mapped(address));
    expect_only_finding(HF_REPORT_RELEASE_FAILED, handle, HF_NULL_HANDLE);
}

Test(mapping, detached)
{
    hf_value value = 0;
    char *address = must_map();
    hf_handle handle = must_open_mapping(address, LENGTH);
    MUST_OK(hf_detach(table, handle, &value));
    cr_expect_eq(hf_value_mapping(value)->address, address);
    hf_mapping_free(hf_value_mapping(value));
    cr_expect(is_mapped(address));
    cr_expect_eq(munmap(address, LENGTH), 0);
}

Test(mapping, borrowed_from_its_owner)
{
    hf_region region;
    char *address = must_map();
    hf_handle owner = must_open_mapping(address, LENGTH);
    MUST_OK(hf_enter(table, owner, &hf_type_mapping, &region));
    hf_handle borrower = must_borrow(&hf_type_mapping, region.value);
    hf_leave(&region);
    must_close(borrower, HF_OUTCOME_NOT_OWNED, 0);
    must_close(owner, HF_OUTCOME_RELEASED, 0);
}

Test(mapping, bad_arguments)
{
    hf_handle handle;
    char *address = must_map();
    hf_open_options borrowed = HF_OPEN_OPTIONS_INIT;
    borrowed.borrowed = true;
    MUST(hf_mapping_open(table, NULL, LENGTH, NULL, &handle), HF_E_INVALID_ARGUMENT);
    MUST(hf_mapping_open(table, MAP_FAILED, LENGTH, NULL, &handle), HF_E_INVALID_ARGUMENT);
    MUST(hf_mapping_open(table, address, 0, NULL, &handle), HF_E_INVALID_ARGUMENT);
    MUST(hf_mapping_open(table, address, LENGTH, &borrowed, &handle), HF_E_INVALID_ARGUMENT);
    MUST(hf_mapping_open(NULL, address, LENGTH, NULL, &handle), HF_E_INVALID_ARGUMENT);
    MUST(hf_mapping_open(table, address, LENGTH, NULL, NULL), HF_E_INVALID_ARGUMENT);
    cr_expect(is_mapped(address));
}

Test(mapping, failed_open_leaves_it_to_the_caller)
{
    hf_handle handle;
    char *address = must_map();
    MUST_OK(hf_table_shutdown(table, 0));
    MUST(hf_mapping_open(table, address, LENGTH, NULL, &handle), HF_E_CLOSING);
    cr_expect(is_mapped(address));
    cr_expect_eq(munmap(address, LENGTH), 0);
}

Test(mapping, freeing_none)
{
    hf_mapping_free(NULL);
}

/* ---- shared objects ------------------------------------------------------------------------- */

TestSuite(dl, .init = table_up, .fini = table_down);

static void *must_dlopen(const char *name)
{
    void *object = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(object, "%s", dlerror());
    return object;
}

Test(dl, used_in_a_region_and_closed)
{
    hf_region region;
    double (*cosine)(double) = NULL;
    hf_handle handle = must_open(&hf_type_dl, (hf_value)must_dlopen("libm.so.6"));
    MUST_OK(hf_enter(table, handle, &hf_type_dl, &region));
    *(void **)&cosine = dlsym((void *)region.value, "cos");
    cr_assert_not_null(cosine);
    cr_expect_eq(cosine(0.0), 1.0);
    hf_leave(&region);
    must_close(handle, HF_OUTCOME_RELEASED, 0);
    expect_no_findings();
}

/* The loader counts: both owners are right. */
Test(dl, opened_twice)
{
    hf_handle first = must_open(&hf_type_dl, (hf_value)must_dlopen("libm.so.6"));
    hf_handle second = must_open(&hf_type_dl, (hf_value)must_dlopen("libm.so.6"));
    must_close(first, HF_OUTCOME_RELEASED, 0);
    must_close(second, HF_OUTCOME_RELEASED, 0);
    expect_no_findings();
}

/* The C library, which stays loaded whatever its count is. */
Test(dl, closed_raw)
{
    void *object = must_dlopen("libc.so.6");
    hf_handle handle = must_open(&hf_type_dl, (hf_value)object);
    cr_assert_eq(dlclose(object), 0);
    errno = 12345;
    must_close(handle, HF_OUTCOME_NOT_RELEASED, 0);
    cr_expect_eq(errno, 12345);
    cr_expect_not_null(dlerror());
    expect_only_finding(HF_REPORT_RELEASE_FAILED, handle, HF_NULL_HANDLE);
}
