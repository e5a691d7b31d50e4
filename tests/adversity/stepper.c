/* The tracer is the test itself.  How far the traced thread has come it reads from shared memory,
 * so that it need not know the processor, except to recognise the instructions of interest. */
#include "stepper.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_STEPS = 1 << 19, PATIENCE_MS = 10 * 1000, NOT_PERMITTED = 77 };

typedef enum phase { BEFORE, INSIDE, AFTER } phase;

static struct shared {
    _Atomic phase phase;
    atomic_bool let_go;        /* nobody traces the first thread any more */
    const char *_Atomic stage; /* the traced process is a fork: its texts are where ours are */
} * shared;

/* One traced process. */
typedef struct run {
    const stepper_case *scene;
    enum __ptrace_request request; /* of ptrace: how to go on to the next point */
    pid_t process;
    int go[2];   /* to the second thread: begin */
    int done[2]; /* from the second thread: it is done; closed: the process has ended */
} run;

/* ---- inside the traced process -------------------------------------------------------------- */

void stepper_stage(const char *stage)
{
    atomic_store(&shared->stage, stage);
}

void stepper_child(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

void stepper_fail(const char *what, const char *file, int line)
{
    dprintf(STDERR_FILENO, "%s:%d: demanded: %s\n", file, line, what);
    _exit(1);
}

static void call(void (*function)(void))
{
    if (function != NULL)
        function();
}

static atomic_bool arrived;

static void *second_thread(void *argument)
{
    const run *self = argument;
    char byte;
    call(self->scene->arrive);
    atomic_store(&arrived, true);
    if (read(self->go[0], &byte, 1) != 1)
        _exit(1);
    self->scene->others();
    stepper_stage("letting the first thread go on");
    if (write(self->done[1], "", 1) != 1)
        _exit(1);
    return NULL;
}

static _Noreturn void first_thread(run *self)
{
    pthread_t second;
    close(self->done[0]);
    call(self->scene->prepare);
    if (pthread_create(&second, NULL, second_thread, self) != 0)
        _exit(1);
    while (!atomic_load(&arrived))
        usleep(50);
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
        _exit(NOT_PERMITTED);
    (void)raise(SIGSTOP);
    atomic_store(&shared->phase, INSIDE);
    self->scene->operation();
    atomic_store(&shared->phase, AFTER);
    if (!atomic_load(&shared->let_go))
        (void)raise(SIGSTOP);
    pthread_join(second, NULL);
    call(self->scene->settle);
    _exit(0);
}

/* ---- the tracer ----------------------------------------------------------------------------- */

/* Starts the process; false if it did not stop for us. */
static bool start(run *self)
{
    int status;
    atomic_store(&shared->phase, BEFORE);
    atomic_store(&shared->let_go, false);
    atomic_store(&shared->stage, "starting");
    if (pipe(self->go) != 0 || pipe(self->done) != 0)
        abort();
    self->process = fork();
    if (self->process < 0)
        abort();
    if (self->process == 0)
        first_thread(self);
    close(self->done[1]);
    return waitpid(self->process, &status, 0) == self->process && WIFSTOPPED(status) &&
           ptrace(PTRACE_SETOPTIONS, self->process, 0, PTRACE_O_EXITKILL) == 0;
}

/* Ends the process, if it lives, and answers how it ended. */
static int finish(run *self, bool kill_it)
{
    int status = 0;
    if (kill_it)
        kill(self->process, SIGKILL);
    do {
        if (waitpid(self->process, &status, 0) != self->process)
            break; /* we know already */
    } while (WIFSTOPPED(status));
    close(self->go[0]);
    close(self->go[1]);
    close(self->done[0]);
    return status;
}

/* Goes on by one step, or to the breakpoint.  Answers the signal that it stopped with, 0 when the
 * process has ended instead. */
static int go_on(const run *self, enum __ptrace_request request)
{
    int status;
    bool stopped = ptrace(request, self->process, 0, 0) == 0 &&
                   waitpid(self->process, &status, 0) == self->process && WIFSTOPPED(status);
    return stopped ? WSTOPSIG(status) : 0;
}

static bool step(const run *self)
{
    return go_on(self, self->request) == SIGTRAP;
}

static bool step_until(const run *self, phase until)
{
    while (atomic_load(&shared->phase) < until)
        if (!step(self))
            return false;
    return true;
}

/* ---- points --------------------------------------------------------------------------------- */

typedef struct point {
    uintptr_t address; /* of the instruction that comes next; 0 unknown */
    bool interesting;  /* it is one by which threads affect each other, or comes after one */
} point;

static point points[MOST_STEPS + 1];

#ifdef __x86_64__

enum { BREAKPOINT = 0xcc };

static uintptr_t address_now(const run *self)
{
    return (uintptr_t)ptrace(PTRACE_PEEKUSER, self->process, offsetof(struct user, regs.rip), 0);
}

static void look(const run *self, point *at)
{
    unsigned char code[sizeof(long)];
    at->address = address_now(self);
    long word = ptrace(PTRACE_PEEKTEXT, self->process, at->address, 0);
    memcpy(code, &word, sizeof code);
    size_t i = code[0] == 0x66;
    bool locked = code[i] == 0xf0;
    i += (code[i] & 0xf0) == 0x40; /* REX */
    bool exchange = (code[i] & 0xfe) == 0x86;
    bool syscall = code[i] == 0x0f && code[i + 1] == 0x05;
    at[0].interesting |= locked || exchange || syscall;
    at[1].interesting |= locked || exchange || syscall;
}

/* Goes on to the breakpoint, which is gone when somebody else runs: the second thread sleeps
 * meanwhile. */
static bool meet_breakpoint(const run *self, uintptr_t address)
{
    long word = ptrace(PTRACE_PEEKTEXT, self->process, address, 0);
    long trap = (word & ~0xffL) | BREAKPOINT;
    if (ptrace(PTRACE_POKETEXT, self->process, address, trap) != 0)
        return false;
    int stopped_by = go_on(self, PTRACE_CONT);
    if (ptrace(PTRACE_POKETEXT, self->process, address, word) != 0)
        return false;
    if (stopped_by == SIGTRAP && address_now(self) == address + 1)
        return ptrace(PTRACE_POKEUSER, self->process, offsetof(struct user, regs.rip), address) ==
               0;
    return stopped_by == SIGSTOP && atomic_load(&shared->phase) == AFTER;
}

/* Goes to an address, or to the end of an operation that takes another way this time. */
static bool run_to(const run *self, uintptr_t address)
{
    bool good = true;
    while (good && atomic_load(&shared->phase) != AFTER) {
        bool there = address_now(self) == address;
        if (there && atomic_load(&shared->phase) == INSIDE)
            return true;
        if (there) /* but too early */
            good = go_on(self, PTRACE_SINGLESTEP) == SIGTRAP;
        good = good && meet_breakpoint(self, address);
    }
    return good;
}

#else

static void look(const run *self, point *at)
{
    (void)self;
    at->address = 0;
}

static bool run_to(const run *self, uintptr_t address)
{
    (void)self;
    return address == 0;
}

#endif

/* Follows the operation from end to end.  Answers how many steps it takes. */
static unsigned measure(run *self)
{
    unsigned count = 0;
    memset(points, 0, sizeof points);
    cr_assert(start(self) && step_until(self, INSIDE), "%s does not start", self->scene->name);
    for (; atomic_load(&shared->phase) == INSIDE; count++) {
        cr_assert(count < MOST_STEPS, "%s: too long to be followed", self->scene->name);
        if (self->request == PTRACE_SINGLESTEP)
            look(self, &points[count]);
        cr_assert(step(self), "%s ended after %u steps", self->scene->name, count);
    }
    (void)finish(self, true);
    return count;
}

/* Whether the operation has been at this instruction before. */
static bool is_repeated(unsigned number)
{
    for (unsigned i = 0; i < number; i++)
        if (points[i].address == points[number].address && points[i].address != 0)
            return true;
    return false;
}

/* Brings the operation to a point: by a breakpoint where the address is known, else by steps. */
static bool go_to(const run *self, unsigned number)
{
    if (points[number].address != 0)
        return run_to(self, points[number].address);
    bool good = step_until(self, INSIDE);
    for (unsigned i = 0; good && i < number && atomic_load(&shared->phase) == INSIDE; i++)
        good = step(self);
    return good;
}

/* ---- trying --------------------------------------------------------------------------------- */

/* How the second thread fares while the first one stands: NULL, or what went wrong. */
static const char *wait_for_others(const run *self, bool *ended)
{
    struct pollfd waiting = {.fd = self->done[0], .events = POLLIN};
    char byte;
    if (write(self->go[1], "", 1) != 1)
        return "cannot start the others";
    if (poll(&waiting, 1, PATIENCE_MS) == 0)
        return "the others hang";
    *ended = read(self->done[0], &byte, 1) != 1;
    atomic_store(&shared->let_go, true);
    if (!*ended && ptrace(PTRACE_DETACH, self->process, 0, 0) != 0)
        return "it cannot be let go";
    return NULL;
}

/* After it was let go, the process ends by itself, or hangs. */
static const char *wait_for_end(const run *self)
{
    struct pollfd waiting = {.fd = self->done[0], .events = POLLIN};
    return poll(&waiting, 1, PATIENCE_MS) == 0 ? "let go, it hangs" : NULL;
}

static void try_at(run *self, unsigned number)
{
    const char *trouble;
    bool ended = false;
    cr_assert(start(self) && go_to(self, number), "%s does not come to step %u", self->scene->name,
              number);
    trouble = wait_for_others(self, &ended);
    if (trouble == NULL && !ended)
        trouble = wait_for_end(self);
    int status = finish(self, trouble != NULL);
    cr_assert(trouble == NULL, "%s, stopped after %u steps: %s (%s)", self->scene->name, number,
              trouble, atomic_load(&shared->stage));
    cr_assert(status == 0, "%s, stopped after %u steps: ended with status 0x%x (%s)",
              self->scene->name, number, (unsigned)status, atomic_load(&shared->stage));
}

static void share(void)
{
    if (shared == NULL)
        shared =
            mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
}

static void nothing(void)
{
}

/* Not in every container. */
static bool is_permitted(void)
{
    static const stepper_case idle = {.name = "nothing", .operation = nothing, .others = nothing};
    run self = {.scene = &idle, .request = PTRACE_SINGLESTEP};
    share();
    bool started = start(&self);
    bool stepped = started && step_until(&self, AFTER);
    (void)finish(&self, started);
    return stepped;
}

void stepper_run(const stepper_case *scene, stepper_unit unit, unsigned most)
{
    run self = {.scene = scene,
                .request = unit == STEPPER_SYSCALLS ? PTRACE_SYSCALL : PTRACE_SINGLESTEP};
    unsigned tried = 0;
    if (!is_permitted())
        cr_skip_test("ptrace is not permitted here");
    share();
    unsigned count = measure(&self);
    unsigned stride = (count + most - 1) / most;
    for (unsigned number = 0; number < count; number++) {
        bool chosen =
            number % stride == 0 || (unit == STEPPER_INSTRUCTIONS && points[number].interesting);
        if (!chosen || is_repeated(number))
            continue;
        try_at(&self, number);
        tried++;
    }
    cr_assert_gt(tried, 0u);
}
