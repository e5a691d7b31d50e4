/* Regions without the inlined code, as with ThreadSanitizer: a finding is its caller's all the
 * same, and the same finding at another place is another finding. */
#define HF_NO_INLINE

#include <criterion/criterion.h>
#include <holdfast/holdfast.h>

enum { KEPT = 4, CODE_SIZE = 8192 };

static uintptr_t blamed[KEPT];
static unsigned findings;

static bool note_blamed(const hf_report *report, void *context)
{
    (void)context;
    if (findings < KEPT && report->now.frame_count > 0)
        blamed[findings] = report->now.frames[0];
    findings++;
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

static hf_table *table;
static hf_handle handle;

static void open_handle(void)
{
    cr_assert_eq(hf_table_create(NULL, &table), HF_OK);
    cr_assert_eq(hf_open(table, &number, 1, NULL, &handle), HF_OK);
    hf_set_report_hook(note_blamed, NULL);
}

static void destroy_table(void)
{
    hf_table_destroy(table);
}

TestSuite(not_inlined, .init = open_handle, .fini = destroy_table);

__attribute__((noinline)) static void enter_at_two_places(void)
{
    hf_region region;
    cr_expect_eq(hf_enter(table, handle, &number, &region), HF_E_STALE_HANDLE);
    cr_expect_eq(hf_enter(table, handle, &number, &region), HF_E_STALE_HANDLE);
}

__attribute__((noinline)) static void leave_three_times(void)
{
    hf_region region;
    cr_expect_eq(hf_enter(table, handle, &number, &region), HF_OK);
    hf_leave(&region);
    hf_leave(&region);
    hf_leave(&region);
}

/* Two findings, both by this function, not by the library's. */
static void expect_two_of(void (*function)(void))
{
    uintptr_t start = (uintptr_t)function;
    cr_assert_eq(findings, 2);
    for (unsigned i = 0; i < 2; i++)
        cr_expect(blamed[i] > start && blamed[i] < start + CODE_SIZE);
    cr_expect_neq(blamed[0], blamed[1]);
}

Test(not_inlined, stale_enters_at_two_places)
{
    cr_assert_eq(hf_close(table, handle, NULL), HF_OK);
    enter_at_two_places();
    expect_two_of(enter_at_two_places);
}

Test(not_inlined, ended_regions_left_at_two_places)
{
    leave_three_times();
    expect_two_of(leave_three_times);
}
