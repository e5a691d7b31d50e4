/* The process is told to exit while a thread stands still for ever within an operation: setting the
 * latch comes to an end, and whatever is called after that is answered. */
#include "others.h"
#include "subject.h"

#include <criterion/criterion.h>
#include <holdfast/process.h>

enum { MOST = 40, PAST_HOT = 600 };

static hf_type flushed;
static hf_handle flushed_handle;
static unsigned flushes;
static hf_status answer;
static hf_table *made;

static hf_outcome release(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    (void)error;
    flushes++;
    return HF_OUTCOME_RELEASED;
}

/* The subject is hot, and there is something to flush, which nobody is at. */
static void prepare(void)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.level = HF_LEVEL_STACKS;
    options.capacity_slots = 4096;
    others_prepare(&options);
    others_meet();
    others_heat(all.subject, PAST_HOT);
    flushed = (hf_type){.size = (uint32_t)sizeof flushed,
                        .name = "flushed",
                        .release = release,
                        .flags = HF_TYPE_FLUSH_AT_EXIT,
                        .release_at_exit = release};
    DEMAND(hf_open(all.table, &flushed, 1, NULL, &flushed_handle) == HF_OK);
}

static void prepare_entered(void)
{
    prepare();
    subject_enter();
    DEMAND(subject_entered == HF_OK);
}

static void open_one(void)
{
    (void)others_open(FAKE_RUNDOWN, "a label");
}

static void close_again(void)
{
    (void)hf_close(all.table, all.closed, NULL);
}

static void create(void)
{
    answer = hf_table_create(NULL, &made);
}

static void exit_and_go_on(void)
{
    hf_table *table;
    hf_region stay;
    stepper_stage("hf_process_exiting");
    hf_process_exiting();
    DEMAND(hf_is_exiting() && flushes == 1);
    stepper_stage("calls that the latch refuses");
    DEMAND(hf_close(all.table, all.cold, NULL) == HF_E_EXITING);
    DEMAND(hf_close_wait(all.table, all.subject, HF_FOREVER, NULL) == HF_E_EXITING);
    DEMAND(hf_table_create(NULL, &table) == HF_E_EXITING);
    DEMAND(hf_table_shutdown(all.table, HF_FOREVER) == HF_E_EXITING);
    hf_table_destroy(all.table);
    stepper_stage("calls that it does not");
    DEMAND(hf_enter(all.table, all.hot, NULL, &stay) == HF_OK);
    hf_leave(&stay);
    (void)others_open(FAKE_PLAIN, NULL);
}

static void settle(void)
{
    DEMAND(flushes == 1 && fake_world_is_sound(all.world));
}

static void stop_everywhere(const char *name, void (*before)(void), void (*operation)(void))
{
    const stepper_case scene = {.name = name,
                                .prepare = before,
                                .arrive = others_meet,
                                .operation = operation,
                                .others = exit_and_go_on,
                                .settle = settle};
    stepper_run(&scene, STEPPER_SAMPLE, MOST);
}

Test(frozen_exit, entering)
{
    stop_everywhere("enter", prepare, subject_enter);
}

Test(frozen_exit, leaving)
{
    stop_everywhere("leave", prepare_entered, subject_leave);
}

Test(frozen_exit, closing)
{
    stop_everywhere("close", prepare, subject_close);
}

Test(frozen_exit, opening)
{
    stop_everywhere("open", prepare, open_one);
}

Test(frozen_exit, creating)
{
    stop_everywhere("create", prepare, create);
}

Test(frozen_exit, reporting)
{
    stop_everywhere("a report", prepare, close_again);
}
