/* A fork while another thread stands still for ever within an operation: it comes to an end, and so
 * does everything that the child does with the table, up to shutting it down. */
#include "forked.h"
#include "others.h"
#include "subject.h"

#include <criterion/criterion.h>

/* Where a fork waits for the thread that is stopped, it does so for about a second. */
enum { MOST = 10, PAST_HOT = 600 };

static void prepare(void)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.level = HF_LEVEL_COUNTERS;
    options.capacity_slots = 4096;
    others_prepare(&options);
    others_meet();
}

static void prepare_hot(void)
{
    prepare();
    others_heat(all.subject, PAST_HOT);
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

/* The stopped thread is not in this process.  What it was in the midst of may stay held. */
static int in_child(void *unused)
{
    (void)unused;
    stepper_child();
    others_elsewhere();
    others_thread();
    others_on_subject();
    stepper_stage("shutting the table down in the child");
    hf_status status = hf_table_shutdown(all.table, HF_MILLISECONDS);
    DEMAND(status == HF_OK || status == HF_E_TIMED_OUT);
    DEMAND(fake_alive(all.world) <= (status == HF_OK ? 1 : 2)); /* one was only made */
    stepper_stage("destroying the table in the child");
    hf_table_destroy(all.table);
    DEMAND(fake_world_is_sound(all.world));
    return 0;
}

/* The parent has lost nothing by it. */
static void fork_one(void)
{
    stepper_stage("fork");
    DEMAND(forked(in_child, NULL) == 0);
    others_elsewhere();
    others_on_subject();
}

static void stop_everywhere(const char *name, void (*before)(void), void (*operation)(void))
{
    const stepper_case scene = {.name = name,
                                .prepare = before,
                                .arrive = others_meet,
                                .operation = operation,
                                .others = fork_one};
    stepper_run(&scene, STEPPER_SAMPLE, MOST);
}

Test(frozen_fork, entering)
{
    stop_everywhere("enter", prepare, subject_enter);
}

Test(frozen_fork, leaving)
{
    stop_everywhere("leave", prepare_entered, subject_leave);
}

Test(frozen_fork, opening)
{
    stop_everywhere("open", prepare, open_one);
}

Test(frozen_fork, closing)
{
    stop_everywhere("close", prepare, subject_close);
}

Test(frozen_fork, closing_hot)
{
    stop_everywhere("close of a hot handle", prepare_hot, subject_close);
}
