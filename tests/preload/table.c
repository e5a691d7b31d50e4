/* The table has room for streams however many numbers were open. */
#include <sys/resource.h>
#include <unistd.h>

#include "owners.h"
#include "preload_support.h"
#include "table.h"

enum { NUMBERS = 1000, OTHERS = 64 };

TestSuite(table, .init = preload_up);

/* In place of the suite's. */
static void make_small_table(void)
{
    struct rlimit limit = {NUMBERS, NUMBERS};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert(run_table_make(OTHERS));
    run_quarantine_resize();
}

static void open_and_close_all(void)
{
    int count = 0;
    int opened[NUMBERS];
    while ((opened[count] = dup(STDIN_FILENO)) >= 0) {
        run_opened_path(opened[count], "dup", "copy");
        count++;
    }
    cr_assert_gt(count, NUMBERS / 2);
    while (count-- > 0)
        must_close_number(opened[count]);
}

Test(table, streams_are_tracked_after_a_peak_of_numbers)
{
    static char streams[OTHERS]; /* their addresses */
    make_small_table();
    open_and_close_all();
    for (int i = 0; i < OTHERS; i++) {
        run_owner_opened(&streams[i], &run_type_stream, -1, "fopen", "a stream");
        cr_expect(run_owner_is_open(&streams[i]), "stream %d", i);
    }
}
