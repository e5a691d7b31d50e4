#include "mistakes.h"

#include "harness.h"

#include <errno.h>
#include <holdfast/posix.h>
#include <stdio.h>
#include <string.h>

enum { MOST_HOLDS = 12 };

enum { TABLES = 3 };

static hf_table *tables[TABLES]; /* the last one is the hook's */
static uint8_t table_level;
static hf_handle stale;

static hf_outcome release(hf_value value, void *context, int32_t *error)
{
    (void)context;
    *error = value == 2 ? EBUSY : 0;
    return value == 2 ? HF_OUTCOME_NOT_RELEASED : HF_OUTCOME_RELEASED;
}

/* Who value 4 is changes whenever somebody asks. */
static bool identify(hf_value value, void *context, hf_identity *out)
{
    static uint64_t times;
    (void)context;
    *out = (hf_identity){.object = value, .kind = value == 4 ? ++times : 0};
    return true;
}

static hf_namespace numbers = HF_NAMESPACE_INIT("numbers", HF_VALUES_SMALL);
static const hf_type plain = {.size = sizeof(hf_type),
                              .name = "plain",
                              .name_space = &numbers,
                              .release = release,
                              .identify = identify};
static const hf_type strange = {.size = sizeof(hf_type), .name = "a\nstrange", .release = release};

static hf_table *create(const char *name, uint8_t level, uint8_t protection)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    hf_table *table;
    options.level = (hf_level)(1 + level % 4);
    options.protection = (hf_protection)(protection % 3);
    options.capacity_slots = 512;
    options.seed = 1;
    options.name = name;
    if (hf_table_create(&options, &table) != HF_OK)
        fuzz_fail("no table could be made");
    return table;
}

static hf_handle open_value(hf_table *table, hf_value value, bool borrowed)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_handle handle;
    options.label = value % 2 == 0 ? "label" : NULL;
    options.borrowed = borrowed;
    if (hf_open(table, &plain, value, &options, &handle) != HF_OK)
        fuzz_fail("a handle cannot be opened");
    return handle;
}

static void close_handle(hf_handle handle)
{
    if (hf_close(tables[0], handle, NULL) != HF_OK)
        fuzz_fail("a handle cannot be closed");
}

void mistakes_start(uint8_t level, uint8_t protection)
{
    table_level = level;
    tables[0] = create("first", level, protection);
    tables[1] = create("second \"table\"", level, protection);
    tables[2] = create("of the hook", level, protection);
    stale = open_value(tables[2], 1, false);
    (void)hf_close(tables[2], stale, NULL);
}

hf_table *mistakes_table(void)
{
    return tables[2];
}

hf_handle mistakes_stale(void)
{
    return stale;
}

const hf_type *mistakes_type(void)
{
    return &plain;
}

static void answer(hf_status status, hf_status expected)
{
    if (status != expected)
        fuzz_fail("a mistake is answered with %s instead of %s", hf_status_name(status),
                  hf_status_name(expected));
}

/* ---- the handle ----------------------------------------------------------------------------- */

static mistake close_again(unsigned how)
{
    hf_handle handle = open_value(tables[1], 8 + how, false);
    answer(hf_close(tables[1], handle, NULL), HF_OK);
    answer(hf_close(tables[1], handle, NULL), HF_E_STALE_HANDLE);
    return (mistake){HF_REPORT_DOUBLE_CLOSE, 1};
}

static mistake use_again(unsigned how)
{
    hf_region region;
    hf_handle handle = open_value(tables[1], 8 + how, false);
    answer(hf_close(tables[1], handle, NULL), HF_OK);
    for (unsigned i = 0; i < how % 3; i++)
        answer(hf_enter(tables[1], handle, NULL, &region), HF_E_STALE_HANDLE);
    return (mistake){HF_REPORT_STALE_USE, how % 3};
}

static mistake take_for_other(unsigned how)
{
    hf_region region;
    hf_handle handle = open_value(tables[0], 8 + how, false);
    answer(hf_enter(tables[0], handle, &strange, &region), HF_E_WRONG_TYPE);
    close_handle(handle);
    return (mistake){HF_REPORT_WRONG_TYPE, 1};
}

static mistake take_to_other_table(unsigned how)
{
    hf_handle handle = open_value(tables[0], 8 + how, false);
    answer(hf_close(tables[1], handle, NULL), HF_E_FOREIGN_HANDLE);
    close_handle(handle);
    return (mistake){HF_REPORT_FOREIGN_HANDLE, 1};
}

static mistake forge(unsigned how)
{
    answer(hf_close(tables[0], (hf_handle){how * 2 + 3}, NULL), HF_E_FORGED_HANDLE);
    return (mistake){HF_REPORT_FORGED_HANDLE, 1};
}

static mistake end_twice(unsigned how)
{
    hf_ref reference;
    hf_handle handle = open_value(tables[0], 8 + how, false);
    answer(hf_addref(tables[0], handle, &reference), HF_OK);
    answer(hf_release(&reference), HF_OK);
    answer(hf_release(&reference), HF_E_OVER_RELEASE);
    close_handle(handle);
    return (mistake){HF_REPORT_OVER_RELEASE, 1};
}

/* ---- the value ------------------------------------------------------------------------------ */

static mistake open_twice(unsigned how)
{
    hf_handle first = open_value(tables[0], 8 + how, false);
    hf_handle second = open_value(tables[0], 8 + how, false);
    close_handle(first);
    close_handle(second);
    return (mistake){HF_REPORT_DUPLICATE_OWNER, 1};
}

static mistake borrow_too_long(unsigned how)
{
    hf_handle owner = open_value(tables[0], 8 + how, false);
    hf_handle borrower = open_value(tables[0], 8 + how, true);
    close_handle(owner);
    close_handle(borrower);
    return (mistake){HF_REPORT_BORROW_OUTLIVES_OWNER, 1};
}

static mistake release_badly(unsigned how)
{
    close_handle(open_value(tables[0], how % 2 == 0 ? 2 : 4, false));
    return (mistake){how % 2 == 0 ? HF_REPORT_RELEASE_FAILED : HF_REPORT_FOREIGN_CLOSE, 1};
}

static mistake leak(unsigned how)
{
    hf_table *table = create("leaky", table_level, 0);
    for (unsigned i = 0; i <= how % 4; i++)
        (void)open_value(table, 8 + i, false);
    if (how % 8 < 4)
        answer(hf_table_shutdown(table, 0), HF_OK);
    hf_table_destroy(table);
    return (mistake){HF_REPORT_LEAK, 1};
}

/* ---- who holds ------------------------------------------------------------------------------ */

static mistake wait_in_vain(unsigned how)
{
    hf_ref references[MOST_HOLDS];
    hf_handle handle = open_value(tables[0], 8 + how, false);
    unsigned count = 1 + how % MOST_HOLDS;
    for (unsigned i = 0; i < count; i++)
        answer(hf_addref(tables[0], handle, &references[i]), HF_OK);
    answer(hf_close_wait(tables[0], handle, 0, NULL), HF_E_TIMED_OUT);
    for (unsigned i = 0; i < count; i++)
        answer(hf_release(&references[i]), HF_OK);
    return (mistake){HF_REPORT_RUNDOWN_TIMEOUT, 1};
}

static mistake wait_inside(unsigned how)
{
    hf_region regions[MOST_HOLDS];
    hf_handle handle = open_value(tables[0], 8 + how, false);
    unsigned count = 1 + how % MOST_HOLDS;
    for (unsigned i = 0; i < count; i++)
        answer(hf_enter(tables[0], handle, NULL, &regions[i]), HF_OK);
    answer(hf_close_wait(tables[0], handle, how % 2 == 0 ? 0 : HF_FOREVER, NULL),
           HF_E_POSSIBLE_DEADLOCK);
    for (unsigned i = 0; i < count; i++)
        hf_leave(&regions[i]);
    close_handle(handle);
    return (mistake){HF_REPORT_POSSIBLE_DEADLOCK, 1};
}

static mistake lock_twice(unsigned how)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    (void)how;
    if (hf_mutex_lock(&mutex) != 0 || hf_mutex_lock(&mutex) != EDEADLK)
        fuzz_fail("a mutex is locked twice");
    (void)hf_mutex_unlock(&mutex);
    return (mistake){HF_REPORT_POSSIBLE_DEADLOCK, 1};
}

static mistake shut_down_held(unsigned how)
{
    hf_table *table = create("held", table_level, 0);
    hf_ref reference;
    hf_handle handle = open_value(table, 8 + how, false);
    answer(hf_addref(table, handle, &reference), HF_OK);
    answer(hf_close(table, handle, NULL), HF_OK);
    answer(hf_table_shutdown(table, 0), HF_E_TIMED_OUT);
    answer(hf_release(&reference), HF_OK);
    hf_table_destroy(table);
    return (mistake){HF_REPORT_HELD_AT_SHUTDOWN, 1};
}

/* ---- what is known of an address ------------------------------------------------------------ */

static void describe(const char *address, bool known)
{
    char text[4096];
    char report[64];
    size_t length = hf_describe_address(address, text, sizeof(text));
    if ((length != 0) != known || strlen(text) != (length < sizeof(text) ? length : 4095))
        fuzz_fail("of an address %s is told", known ? "nothing" : "something");
    if (hf_describe_address(address, NULL, 0) != length)
        fuzz_fail("what is told of an address has another length the second time");
    snprintf(report, sizeof(report), "ERROR: AddressSanitizer: use on address %p at pc",
             (const void *)address);
    hf_describe_sanitizer_report(report);
}

/* The handle is held, or closed, or both. */
static mistake describe_value(unsigned how)
{
    static char block[64];
    hf_ref reference;
    hf_region region;
    hf_handle handle = open_value(tables[0], (hf_value)block, how % 2 != 0);
    answer(hf_addref(tables[0], handle, &reference), HF_OK);
    answer(hf_enter(tables[0], handle, NULL, &region), HF_OK);
    if (how / 2 % 2 != 0)
        close_handle(handle);
    describe(block, true);
    hf_leave(&region);
    answer(hf_release(&reference), HF_OK);
    if (how / 2 % 2 == 0)
        close_handle(handle);
    describe((const char *)&reference, false);
    return (mistake){HF_REPORT_LEAK, 0};
}

mistake mistakes_make(unsigned which, unsigned how)
{
    static mistake (*const all[])(unsigned how) = {
        close_again,  use_again,   take_for_other,  take_to_other_table, forge,
        end_twice,    open_twice,  borrow_too_long, release_badly,       leak,
        wait_in_vain, wait_inside, lock_twice,      shut_down_held,      describe_value};
    return all[which % (sizeof(all) / sizeof(all[0]))](how);
}

void mistakes_end(void)
{
    for (unsigned i = 0; i < TABLES; i++)
        hf_table_destroy(tables[i]);
}
