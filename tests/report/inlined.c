/* A finding made by code that was inlined from the public headers is the user's who called it. */
#include "finding.h"

#include <criterion/criterion.h>
#include <holdfast/holdfast.h>
#include <stdio.h>
#include <string.h>

static char written[1 << 14];

static bool write_text(const hf_report *report, void *context)
{
    (void)context;
    hf_report_text(report, written, sizeof written);
    return true;
}

static hf_outcome release_nothing(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    (void)error;
    return HF_OUTCOME_RELEASED;
}

static const hf_type number = {
    .size = sizeof(hf_type), .name = "number", .release = release_nothing};

__attribute__((noinline)) static bool use_in_a_scope(hf_table *table, hf_handle handle)
{
    HF_REGION(region, table, handle, &number);
    return hf_region_entered(&region);
}

/* The names begin as the library's own do. */
__attribute__((noinline)) static hf_status hf_of_the_user(hf_table *table, hf_handle handle)
{
    hf_region region;
    hf_status status = hf_enter(table, handle, &number, &region);
    if (status == HF_OK)
        hf_leave(&region);
    return status;
}

static hf_table *table;
static hf_handle stale;

static void make_stale_handle(void)
{
    cr_assert_eq(hf_table_create(NULL, &table), HF_OK);
    cr_assert_eq(hf_open(table, &number, 1, NULL, &stale), HF_OK);
    cr_assert_eq(hf_close(table, stale, NULL), HF_OK);
    hf_set_report_hook(write_text, NULL);
}

static void destroy_table(void)
{
    hf_table_destroy(table);
}

TestSuite(inlined, .init = make_stale_handle, .fini = destroy_table);

static void expect_blamed(const char *function)
{
    char end[100];
    const char *summary = strstr(written, "SUMMARY: Holdfast: stale-use inlined.c:");
    snprintf(end, sizeof end, " in %s\n", function);
    cr_assert_neq(summary, NULL, "%s", written);
    cr_expect_neq(strstr(summary, end), NULL, "%s", written);
}

Test(inlined, region_of_a_scope_is_its_users)
{
    if (!finding_has_lines())
        cr_skip_test("built without debug information");
    cr_expect_not(use_in_a_scope(table, stale));
    expect_blamed("use_in_a_scope");
}

Test(inlined, region_is_its_users_whatever_his_name)
{
    if (!finding_has_lines())
        cr_skip_test("built without debug information");
    cr_expect_eq(hf_of_the_user(table, stale), HF_E_STALE_HANDLE);
    expect_blamed("hf_of_the_user");
}
