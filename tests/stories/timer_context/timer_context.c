/* A connection has a timer that pings its peer, and the context of the timer is the connection.  A
 * connection is closed while its timer's function may be running, on the timers' thread: with a
 * plain thread the function then works on memory that was freed, and nothing but luck decides.
 *
 *     timer_context_without ROUNDS    the usual thread and flag: "stop" is set, the context freed
 *     timer_context_with ROUNDS       the same with a Holdfast timer and hf_timer_close_wait
 *
 * Answers 0 when every round went well, as far as it could see. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct connection {
    unsigned pings;
    char *peer;
    unsigned *started; /* how many functions have begun: the story's stage direction */
} connection;

static connection *connect_to(unsigned *started)
{
    connection *c = malloc(sizeof(*c));
    if (c == NULL || (c->peer = malloc(16)) == NULL)
        abort();
    snprintf(c->peer, 16, "example.org");
    c->pings = 0;
    c->started = started;
    return c;
}

static void disconnect(void *argument)
{
    connection *c = argument;
    free(c->peer);
    free(c);
}

/* What the timer does: it takes a moment, as everything does that talks to others. */
static void ping(connection *c)
{
    __atomic_fetch_add(c->started, 1, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < 20; i++) {
        c->pings += (unsigned char)c->peer[i % 11] != 0;
        sched_yield();
    }
}

static void await(const unsigned *started)
{
    while (__atomic_load_n(started, __ATOMIC_ACQUIRE) == 0)
        sched_yield();
}

#ifdef WITH_HOLDFAST
#include <holdfast/timer.h>

static hf_timer_queue *queue;

static void on_time(const hf_timer_event *event)
{
    ping(event->data);
}

static void begin(void)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    options.threaded = true;
    if (hf_timer_queue_create(&options, &queue) != HF_OK)
        abort();
}

static void end(void)
{
    hf_timer_queue_destroy(queue);
}

/* No new call begins, one that runs is waited for, and the connection is freed by whoever is last:
 * when close_wait returns it is gone. */
static int round_of_story(void)
{
    unsigned started = 0;
    hf_timer timer;
    hf_timer_options options = HF_TIMER_OPTIONS_INIT;
    options.function = on_time;
    options.data = connect_to(&started);
    options.free_data = disconnect;
    if (hf_timer_open(queue, &options, &timer) != HF_OK ||
        hf_timer_set(queue, timer, 0, 50) != HF_OK)
        return 1;
    await(&started);
    return hf_timer_close_wait(queue, timer, HF_FOREVER) == HF_OK ? 0 : 1;
}

#else

typedef struct plain_timer {
    pthread_t thread;
    atomic_bool stop;
    connection *context;
} plain_timer;

static void *run_timer(void *argument)
{
    plain_timer *timer = argument;
    while (!timer->stop) {
        ping(timer->context);
        sched_yield();
    }
    return NULL;
}

static void begin(void)
{
}

static void end(void)
{
}

/* "Stopped" says that no new call begins; it does not say that none runs. */
static int round_of_story(void)
{
    unsigned started = 0;
    plain_timer timer = {.context = connect_to(&started)};
    if (pthread_create(&timer.thread, NULL, run_timer, &timer) != 0)
        return 1;
    await(&started);
    timer.stop = true;
    disconnect(timer.context);
    return pthread_join(timer.thread, NULL) == 0 ? 0 : 1;
}
#endif

int main(int count, char **arguments)
{
    unsigned rounds = count > 1 ? (unsigned)strtoul(arguments[1], NULL, 10) : 1;
    int wrong = 0;
    begin();
    for (unsigned i = 0; i < rounds && wrong == 0; i++)
        wrong = round_of_story();
    end();
    printf("%u rounds, %s\n", rounds, wrong == 0 ? "all well" : "went wrong");
    return wrong;
}
