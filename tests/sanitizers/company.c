/* Small programs that misuse Holdfast, memory, or both: the first argument says which.  What they
 * print is looked at by `check`. */
#include <holdfast/holdfast.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cold.h"

#define WEAK __attribute__((weak))

WEAK void __asan_set_error_report_callback(void (*function)(const char *report));
WEAK void __sanitizer_set_death_callback(void (*function)(void));

#pragma weak hf_records /* only the static library has it */

typedef struct session {
    uint64_t words[4];
} session;

static hf_outcome free_session(hf_value value, void *context, int32_t *error)
{
    (void)context;
    (void)error;
    free((void *)value);
    return HF_OUTCOME_RELEASED;
}

static const hf_type session_type = {
    .size = sizeof(hf_type), .name = "session", .release = free_session};

static hf_table *table;

static void start(void)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.name = "sessions";
    options.level = HF_LEVEL_STACKS;
    if (hf_table_create(&options, &table) != HF_OK)
        exit(80);
}

static bool borrows;

__attribute__((noinline)) static hf_handle open_session(session **out, const char *label)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_handle handle;
    options.borrowed = borrows;
    options.label = label;
    *out = calloc(1, sizeof **out);
    if (*out == NULL || hf_open(table, &session_type, (hf_value)*out, &options, &handle) != HF_OK)
        exit(81);
    return handle;
}

__attribute__((noinline)) static void close_session(hf_handle handle)
{
    hf_status status = hf_close(table, handle, NULL);
    (void)status;
}

/* A word of memory that the compiler must not know. */
__attribute__((noinline)) static uint64_t look_at(const void *address, size_t offset)
{
    const uint64_t *words = address;
    __asm__ volatile("" : "+r"(words));
    return words[offset / sizeof *words];
}

static int double_close(void)
{
    session *kept;
    hf_handle handle = open_session(&kept, "alice");
    close_session(handle);
    close_session(handle);
    return 0;
}

static int long_label(void)
{
    static char label[40001];
    session *kept;
    memset(label, 'l', sizeof label - 1);
    hf_handle handle = open_session(&kept, label);
    close_session(handle);
    close_session(handle);
    return 0;
}

/* The value is kept past its region, and its handle is closed meanwhile. */
static int kept_value(void)
{
    session *made;
    hf_region region;
    const session *kept;
    hf_handle handle = open_session(&made, "alice");
    if (hf_enter(table, handle, &session_type, &region) != HF_OK)
        return 82;
    kept = (const session *)region.value;
    hf_leave(&region);
    close_session(handle);
    return (int)look_at(kept, 16) & 0;
}

/* The memory is freed behind the table's back, while a region holds the handle. */
static int freed_inside(void)
{
    session *made;
    hf_region region;
    hf_handle handle = open_session(&made, "alice");
    if (hf_enter(table, handle, &session_type, &region) != HF_OK)
        return 82;
    free(made);
    return (int)look_at((const void *)region.value, 8) & 0;
}

static int freed_twice(void)
{
    session *made;
    hf_handle handle = open_session(&made, "alice");
    free(made);
    close_session(handle);
    return 0;
}

static int wild_pointer(void)
{
    void *address = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    hf_handle handle;
    if (address == MAP_FAILED ||
        hf_open(table, &session_type, (hf_value)address, NULL, &handle) != HF_OK)
        return 81;
    return (int)look_at(address, 0) & 0;
}

/* Memory that no handle knows. */
static int stranger(void)
{
    void *block = malloc(32);
    uintptr_t address = (uintptr_t)block;
    free(block);
    return (int)look_at((const void *)address, 8) & 0;
}

static int freed_label(void)
{
    session *made;
    char *label = strdup("a label of its own");
    hf_handle handle = open_session(&made, label);
    close_session(handle);
    free(label);
    close_session(handle);
    return 0;
}

/* ---- reports inside reports ----------------------------------------------------------------- */

static hf_handle closed_before;

static void misuse_in_callback(const char *report)
{
    hf_describe_sanitizer_report(report);
    close_session(closed_before);
}

/* A finding of Holdfast's inside a report of AddressSanitizer's. */
static int own_callback(void)
{
    session *made;
    closed_before = open_session(&made, "alice");
    if (__asan_set_error_report_callback != NULL)
        __asan_set_error_report_callback(misuse_in_callback);
    close_session(closed_before);
    return (int)look_at(made, 0) & 0;
}

static void misuse(void)
{
    close_session(closed_before);
}

/* One at the end of the process, after an error whose stack is not known. */
static int death_callback(void)
{
    session *made;
    closed_before = open_session(&made, "alice");
    close_session(closed_before);
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(misuse);
    return freed_twice();
}

static bool touch_freed_memory(const hf_report *report, void *context)
{
    (void)report;
    (void)look_at(context, 0);
    return false;
}

/* And the reverse. */
static int bad_hook(void)
{
    session *made;
    hf_handle handle = open_session(&made, "alice");
    hf_set_report_hook(touch_freed_memory, made);
    close_session(handle);
    close_session(handle);
    return 0;
}

/* ---- threads -------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 8 };

static void *misuse_often(void *argument)
{
    for (int i = 0; i < ROUNDS; i++) {
        session *made;
        hf_handle handle = open_session(&made, argument);
        close_session(handle);
        close_session(handle);
    }
    return NULL;
}

static void *read_freed_often(void *argument)
{
    for (int i = 0; i < ROUNDS; i++) {
        session *made;
        hf_handle handle = open_session(&made, argument);
        close_session(handle);
        (void)look_at(made, 8);
    }
    return NULL;
}

static int both_at_once(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, i % 2 == 0 ? misuse_often : read_freed_often,
                           i % 2 == 0 ? "misuse" : "memory") != 0)
            return 83;
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    return 0;
}

/* AddressSanitizer calls this before it writes a report.  In the story below it has another thread
 * begin a report of Holdfast's meanwhile, and gives it every chance to come first. */
static bool holds_back;
static bool is_ready;
static bool goes;
static bool comes;
void __asan_on_error(void);
void __asan_on_error(void)
{
    if (!__atomic_load_n(&holds_back, __ATOMIC_ACQUIRE))
        return;
    __atomic_store_n(&goes, true, __ATOMIC_RELEASE);
    for (int i = 0; i < 10000 && !__atomic_load_n(&comes, __ATOMIC_ACQUIRE); i++)
        (void)usleep(1000);
    (void)usleep(200 * 1000);
}

/* The report is about to be written. */
static bool say_that_it_comes(const hf_report *report, void *context)
{
    (void)report;
    (void)context;
    __atomic_store_n(&comes, true, __ATOMIC_RELEASE);
    return false;
}

static void *misuse_when_told(void *argument)
{
    session *made;
    hf_handle handle = open_session(&made, argument);
    close_session(handle);
    __atomic_store_n(&is_ready, true, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&goes, __ATOMIC_ACQUIRE))
        (void)usleep(100);
    close_session(handle);
    return NULL;
}

static int meanwhile(void)
{
    pthread_t thread;
    session *made;
    hf_handle handle = open_session(&made, "memory");
    hf_set_report_hook(say_that_it_comes, NULL);
    close_session(handle);
    if (pthread_create(&thread, NULL, misuse_when_told, "misuse") != 0)
        return 83;
    /* No thread begins while a report is made. */
    while (!__atomic_load_n(&is_ready, __ATOMIC_ACQUIRE))
        (void)usleep(100);
    __atomic_store_n(&holds_back, true, __ATOMIC_RELEASE);
    (void)look_at(made, 8);
    (void)pthread_join(thread, NULL);
    return 0;
}

/* ---- the library's own memory --------------------------------------------------------------- */

/* What a region knows: where its slot is. */
static const hf_slot_ *slot_of(hf_handle handle)
{
    hf_region region;
    if (hf_enter(table, handle, NULL, &region) != HF_OK)
        exit(82);
    const hf_slot_ *slot = region.slot_;
    hf_leave(&region);
    return slot;
}

/* All that is allowed, with handles of every age, hot ones among them. */
static int good_manners(void)
{
    for (int life = 0; life < 3; life++) {
        session *made;
        hf_region region;
        hf_handle handle = open_session(&made, "alice");
        for (int i = 0; i < 2000; i++) {
            if (hf_enter(table, handle, &session_type, &region) != HF_OK)
                return 82;
            hf_leave(&region);
        }
        close_session(handle);
        if (hf_is_live(table, handle))
            return 84;
        hf_set_policy(HF_REPORT_STALE_USE, HF_POLICY_COUNT);
        hf_set_policy(HF_REPORT_HANDLE_REUSE, HF_POLICY_COUNT);
        if (hf_enter(table, handle, &session_type, &region) == HF_OK)
            return 84;
    }
    hf_table_destroy(table);
    start();
    session *made;
    close_session(open_session(&made, "bob"));
    hf_table_destroy(table);
    return 0;
}

static int freed_slot(void)
{
    session *made;
    hf_handle handle = open_session(&made, "alice");
    const hf_slot_ *slot = slot_of(handle);
    close_session(handle);
    return (int)look_at(&slot->value, 0) & 0;
}

static int unused_slot(void)
{
    session *made;
    hf_handle handle = open_session(&made, "alice");
    return (int)look_at(&slot_of(handle)[5].value, 0) & 0;
}

/* The record of a slot that was freed, in a table that has the other ways to give out slots. */
static int freed_record(void)
{
    session *made;
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.name = "fifo";
    options.level = HF_LEVEL_STACKS;
    options.reuse = HF_REUSE_FIFO;
    options.capacity_slots = 100;
    hf_table_destroy(table);
    if (hf_table_create(&options, &table) != HF_OK)
        return 80;
    hf_handle handle = open_session(&made, "alice");
    uint64_t index = hf_raw_index(handle.bits ^ table->head.secret);
    close_session(handle);
    return (int)look_at(table->cold + index * table->cold_stride, 16) & 0;
}

static void *enter_and_end(void *argument)
{
    hf_region region;
    hf_handle handle = *(hf_handle *)argument;
    if (hf_enter(table, handle, NULL, &region) == HF_OK)
        hf_leave(&region);
    return NULL;
}

/* The record of a thread that is gone: the second, for this one has the first. */
static int thread_record(void)
{
    pthread_t thread;
    session *made;
    hf_handle handle = open_session(&made, "alice");
    (void)enter_and_end(&handle);
    if (pthread_create(&thread, NULL, enter_and_end, &handle) != 0)
        return 83;
    (void)pthread_join(thread, NULL);
    if (hf_records == NULL || look_at(&hf_records[1], 0) == 1)
        return 86;
    return (int)look_at(&hf_records[2], 0) & 0;
}

/* ---- leaks ---------------------------------------------------------------------------------- */

enum { MANY = 32 };

__attribute__((noinline)) static void open_many(void)
{
    session *made;
    for (int i = 0; i < MANY; i++)
        (void)open_session(&made, "alice");
}

/* Borrowed from nobody: the memory is known to nobody any more when the table is gone; that of some
 * to the stack. */
static int leaked_values(void)
{
    borrows = true;
    open_many();
    hf_set_policy(HF_REPORT_LEAK, HF_POLICY_IGNORE);
    hf_table_destroy(table);
    return 0;
}

static int left_open(void)
{
    open_many();
    return 0;
}

typedef struct scenario {
    const char *name;
    int (*run)(void);
} scenario;

#define SCENARIO(name) \
    {                  \
#name, name    \
    }
static const scenario scenarios[] = {
    SCENARIO(double_close),   SCENARIO(long_label),   SCENARIO(kept_value),
    SCENARIO(freed_inside),   SCENARIO(freed_twice),  SCENARIO(wild_pointer),
    SCENARIO(stranger),       SCENARIO(freed_label),  SCENARIO(own_callback),
    SCENARIO(bad_hook),       SCENARIO(both_at_once), SCENARIO(meanwhile),
    SCENARIO(good_manners),   SCENARIO(freed_slot),   SCENARIO(unused_slot),
    SCENARIO(leaked_values),  SCENARIO(freed_record), SCENARIO(thread_record),
    SCENARIO(death_callback), SCENARIO(left_open)};

int main(int argc, char **argv)
{
    start();
    for (size_t i = 0; argc == 2 && i < sizeof scenarios / sizeof scenarios[0]; i++)
        if (strcmp(scenarios[i].name, argv[1]) == 0)
            return scenarios[i].run();
    (void)fprintf(stderr, "company: which story?\n");
    return 85;
}
