/* A thread gets its name after it has begun, from itself or from who made it; and may have ended by
 * the time of the finding.
 *
 * expect: double-close now=close_again closed=close_it opened=open_it closed_thread=own
 * expect: double-close now=close_once_more closed=close_it opened=open_it closed_thread=given
 * expect: double-close now=close_at_last closed=close_it opened=open_it closed_thread=by_prctl */
#include "program.h"
#include <sys/prctl.h>

static pthread_barrier_t named;
static pthread_barrier_t closed;
static int number;

STEP void open_it(void)
{
    number = open("/dev/null", O_RDONLY);
    MUST(number >= 0);
}

STEP void close_it(void)
{
    MUST(close(number) == 0);
}

STEP void close_again(void)
{
    MUST(is_refused(close(number)));
}

STEP void close_once_more(void)
{
    MUST(is_refused(close(number)));
}

STEP void close_at_last(void)
{
    MUST(is_refused(close(number)));
}

static void *named_by_itself(void *unused)
{
    MUST(pthread_setname_np(pthread_self(), "own") == 0);
    close_it();
    return unused;
}

static void *named_by_prctl(void *unused)
{
    MUST(prctl(PR_SET_NAME, "by_prctl") == 0);
    close_it();
    return unused;
}

static void *named_by_another(void *unused)
{
    (void)pthread_barrier_wait(&named);
    (void)pthread_barrier_wait(&named);
    close_it();
    (void)pthread_barrier_wait(&closed);
    (void)pthread_barrier_wait(&closed);
    return unused;
}

static void closed_by(void *(*function)(void *))
{
    pthread_t thread;
    open_it();
    MUST(pthread_create(&thread, NULL, function, NULL) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

int main(void)
{
    pthread_t thread;
    closed_by(named_by_itself);
    close_again();
    closed_by(named_by_prctl);
    close_at_last();
    open_it();
    MUST(pthread_barrier_init(&named, NULL, 2) == 0 && pthread_barrier_init(&closed, NULL, 2) == 0);
    MUST(pthread_create(&thread, NULL, named_by_another, NULL) == 0);
    (void)pthread_barrier_wait(&named);
    MUST(pthread_setname_np(thread, "given") == 0);
    (void)pthread_barrier_wait(&named);
    (void)pthread_barrier_wait(&closed);
    close_once_more();
    (void)pthread_barrier_wait(&closed);
    MUST(pthread_join(thread, NULL) == 0);
    return 0;
}
