/* A thread puts a new log file into the old one's place, which the main thread had opened: one
 * program, one owner.
 *
 * expect: nothing */
#include "program.h"

static int log_file;

static void *rotate(void *unused)
{
    int fresh = open("/dev/null", O_WRONLY);
    MUST(dup2(fresh, log_file) == log_file);
    MUST(close(fresh) == 0);
    return unused;
}

int main(void)
{
    pthread_t thread;
    log_file = open("/dev/null", O_WRONLY);
    MUST(log_file > 2);
    MUST(pthread_create(&thread, NULL, rotate, NULL) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    return close(log_file);
}
