/* Each site is a function of its own, so that each has a return address of its own.  The second
 * thread is started once and lives as long as the process; one call at a time is handed to it, so
 * that all calls come one after another. */
#include "sites.h"

#include "harness.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The empty statement keeps the call from being the function's last. */
#define SITE(number)                                                                            \
    __attribute__((noinline)) static void site_##number(site_function function, void *argument) \
    {                                                                                           \
        function(argument);                                                                     \
        __asm__ __volatile__("# site " #number);                                                \
    }
SITE(0)
SITE(1)
SITE(2)
SITE(3)
SITE(4)
SITE(5)
SITE(6)
SITE(7)

static void (*const sites[SITES])(site_function function, void *argument) = {
    site_0, site_1, site_2, site_3, site_4, site_5, site_6, site_7};

static uintptr_t addresses[SITES];
static uint64_t threads[SITE_THREADS];
static __thread unsigned this_thread;

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    site_function function; /* NULL: nothing to do */
    void *argument;
    unsigned site;
} handed = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void *serve(void *unused)
{
    (void)unused;
    this_thread = 1;
    pthread_mutex_lock(&handed.mutex);
    for (;;) {
        while (handed.function == NULL)
            pthread_cond_wait(&handed.changed, &handed.mutex);
        pthread_mutex_unlock(&handed.mutex);
        sites[handed.site](handed.function, handed.argument);
        pthread_mutex_lock(&handed.mutex);
        handed.function = NULL;
        pthread_cond_broadcast(&handed.changed);
    }
    return NULL;
}

static void hand_over(unsigned site, site_function function, void *argument)
{
    pthread_mutex_lock(&handed.mutex);
    handed.site = site;
    handed.argument = argument;
    handed.function = function;
    pthread_cond_broadcast(&handed.changed);
    while (handed.function != NULL)
        pthread_cond_wait(&handed.changed, &handed.mutex);
    pthread_mutex_unlock(&handed.mutex);
}

/* Its own frame, so that the stack above a site is always the same. */
__attribute__((noinline)) static void call(moment at, site_function function, void *argument)
{
    if (at.thread == this_thread)
        sites[at.site](function, argument);
    else
        hand_over(at.site, function, argument);
    __asm__ __volatile__("# call");
}

static void learn_address(void *site)
{
    addresses[*(unsigned *)site] = (uintptr_t)__builtin_return_address(0);
}

static void learn_thread(void *thread)
{
    *(uint64_t *)thread = (uint64_t)syscall(SYS_gettid);
}

static void learn(void)
{
    pthread_t server;
    if (pthread_create(&server, NULL, serve, NULL) != 0)
        fuzz_fail("no second thread could be made");
    pthread_detach(server);
    for (unsigned site = 0; site < SITES; site++)
        call((moment){site, 0}, learn_address, &site);
    for (unsigned thread = 0; thread < SITE_THREADS; thread++)
        call((moment){0, thread}, learn_thread, &threads[thread]);
}

static void be_ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, learn);
}

void site_call(moment at, site_function function, void *argument)
{
    be_ready();
    call(at, function, argument);
}

uintptr_t site_address(unsigned site)
{
    be_ready();
    return addresses[site];
}

uint64_t site_thread(unsigned thread)
{
    be_ready();
    return threads[thread];
}
