/* Forks and exits.  A child plays on a part of the input, by itself, and ends with a verdict.
 */
#include "coverage.h"
#include "steps.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_ENDED_WELL = 7 };

/* ---- children ------------------------------------------------------------------------------- */

_Noreturn void child_ends(void)
{
    coverage_hand_over();
    _exit(CHILD_ENDED_WELL);
}

/* The parent's side; its own part of the input goes on after that. */
static void await_child(pid_t child)
{
    int status = 0;
    MUST(child > 0);
    while (waitpid(child, &status, 0) != child)
        MUST(errno == EINTR); /* by the engine's alarm */
    if (!WIFEXITED(status) || WEXITSTATUS(status) != CHILD_ENDED_WELL)
        fuzz_fail("step %u: the child ended with status %#x", s.step, (unsigned)status);
    coverage_take_over();
}

static bool is_child_begun(void)
{
    coverage_share();
    (void)fflush(NULL);
    pid_t child = fork();
    if (child != 0)
        await_child(child);
    return child == 0;
}

void step_fork(const step *of)
{
    (void)of;
    if (s.forks_left == 0)
        return;
    s.forks_left--;
    if (is_child_begun())
        scene_become_child();
}

/* ---- while another thread is in a function of the user --------------------------------------- */

enum { AMID_RELEASE, AMID_DUPLICATE, AMID_COMPLETION, AMID_OPEN, AMID_COMMIT, AMIDS };

/* The other thread stops in the function, until it is told to go on. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool wanted;
    bool stopped;
    hf_type type; /* with an identify function that stops */
    int how;
    hf_value value;
    hf_handle handle;
    hf_status status;
} amid = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void stop_here(void)
{
    pthread_mutex_lock(&amid.mutex);
    if (amid.wanted) {
        amid.stopped = true;
        pthread_cond_broadcast(&amid.changed);
        while (amid.wanted)
            pthread_cond_wait(&amid.changed, &amid.mutex);
    }
    pthread_mutex_unlock(&amid.mutex);
}

static void stop_in_function(fake_value *value, void *argument)
{
    (void)argument;
    if (value == fake_of(amid.value))
        stop_here();
}

static bool stop_in_identify(hf_value value, void *context, hf_identity *out)
{
    (void)context;
    *out = (hf_identity){.object = (uint64_t)value};
    stop_here();
    return true;
}

static void stop_in_completion(void *context, const hf_close_result *result)
{
    (void)context;
    (void)result;
    stop_here();
}

static void amid_task(void *argument)
{
    hf_handle copy;
    (void)argument;
    switch (amid.how) {
    case AMID_RELEASE:
        amid.status = hf_close(s.tables[0], amid.handle, NULL);
        break;
    case AMID_DUPLICATE:
        amid.status = hf_duplicate(s.tables[0], amid.handle, s.tables[0], &copy);
        if (amid.status == HF_OK)
            (void)hf_close(s.tables[0], copy, NULL);
        break;
    case AMID_COMPLETION:
        amid.status = hf_close_then(s.tables[0], amid.handle, stop_in_completion, NULL);
        break;
    case AMID_OPEN:
        amid.status = hf_open(s.tables[0], &amid.type, amid.value, NULL, &amid.handle);
        break;
    default:
        amid.status = hf_commit(s.tables[0], amid.handle, amid.value);
        break;
    }
}

/* What is there before; false: no place for it. */
static bool begin_amid(void)
{
    amid.type = s.types[TYPE_NUMBERED_CLOSE]; /* without a namespace nobody is identified */
    amid.type.fork = HF_FORK_INHERIT;
    amid.type.name = "stopped";
    amid.type.identify = stop_in_identify;
    amid.value = fake_make(s.world);
    if (amid.how == AMID_COMMIT)
        return hf_reserve(s.tables[0], &amid.type, &amid.handle) == HF_OK;
    return amid.how == AMID_OPEN ||
           hf_open(s.tables[0], &s.types[TYPE_INHERIT], amid.value, NULL, &amid.handle) == HF_OK;
}

static void stop_thread(int who)
{
    amid.wanted = true;
    amid.stopped = false;
    s.world->on_release = amid.how == AMID_RELEASE ? stop_in_function : NULL;
    s.world->on_duplicate = stop_in_function;
    if (s.threads[who].who == NULL)
        s.threads[who].who = actor_start();
    actor_begin(s.threads[who].who, amid_task, NULL);
    pthread_mutex_lock(&amid.mutex);
    while (!amid.stopped)
        pthread_cond_wait(&amid.changed, &amid.mutex);
    pthread_mutex_unlock(&amid.mutex);
}

static void let_go(int who)
{
    pthread_mutex_lock(&amid.mutex);
    amid.wanted = false;
    pthread_cond_broadcast(&amid.changed);
    pthread_mutex_unlock(&amid.mutex);
    actor_finish(s.threads[who].who);
    MUST(amid.status == HF_OK);
    if (amid.how == AMID_RELEASE || amid.how == AMID_COMPLETION)
        return;
    MUST(hf_close(s.tables[0], amid.handle, NULL) == HF_OK);
    MUST(atomic_load(&fake_of(amid.value)->life) == FAKE_GONE);
}

/* In the child that was not begun, or counts as done. */
static void check_amid_child(void)
{
    hf_close_result result;
    hf_info info = {.size = (uint32_t)sizeof(info)};
    bool released = amid.how == AMID_COMPLETION;
    amid.wanted = false; /* nobody stops here */
    s.world->on_release = NULL;
    s.world->on_duplicate = NULL;
    if (amid.how == AMID_RELEASE || amid.how == AMID_COMPLETION) {
        MUST(hf_inspect(s.tables[0], amid.handle, &info) == HF_OK && info.life == HF_LIFE_CLOSED);
    } else if (amid.how != AMID_OPEN) {
        MUST(hf_close(s.tables[0], amid.handle, &result) == HF_OK);
        MUST(result.outcome == (amid.how == AMID_COMMIT ? HF_OUTCOME_NOT_OWNED
                                : s.world->error != 0   ? HF_OUTCOME_RELEASED_WITH_ERROR
                                                        : HF_OUTCOME_RELEASED));
        released = amid.how == AMID_DUPLICATE;
    }
    MUST((atomic_load(&fake_of(amid.value)->life) == FAKE_GONE) == released);
}

void step_fork_amid(const step *of)
{
    if (s.forks_left == 0 || of->who == 0 || s.shut[0])
        return;
    amid.how = of->argument % AMIDS;
    if (!begin_amid())
        return;
    s.forks_left--;
    stop_thread(of->who);
    if (is_child_begun()) {
        scene_become_child();
        check_amid_child();
        return;
    }
    s.world->on_release = NULL;
    s.world->on_duplicate = NULL;
    let_go(of->who);
}

/* ---- exits ---------------------------------------------------------------------------------- */

/* After the library's handler, which is registered later; before the engine's, which calls an exit
 * in the midst of an input a finding. */
static void verdict_at_exit(void)
{
    if (!s.is_child)
        return;
    scene_check_reports();
    scene_settle();
    child_ends();
}

void watch_exit(void)
{
    static bool watched;
    if (!watched)
        MUST(atexit(verdict_at_exit) == 0);
    watched = true;
}

/* Only a child may end.  Twice by hand is once. */
void step_exit(const step *of)
{
    if (!s.is_child || s.exiting)
        return;
    reset_step();
    scene_become_exiting();
    if (of->argument % 4 == 3)
        exit(0);
    hf_process_exiting();
    hf_process_exiting();
    MUST(hf_is_exiting());
    hf_table *table = NULL;
    MUST(hf_table_create(NULL, &table) == HF_E_EXITING);
}
