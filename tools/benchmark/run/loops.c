/* What tools/bench-run measures of single calls: nanoseconds of one turn of a loop, the least of
 * several, on standard output. */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { REPETITIONS = 7, TURNS = 20000 };

static char block[4096];
static int zero;
static int null;
static int file;

static double now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void open_close(void)
{
    (void)close(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

/* As a program does that looks at many files. */
static void open_read_close(void)
{
    int descriptor = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    (void)!read(descriptor, block, sizeof block);
    (void)close(descriptor);
}

static void stream(void)
{
    FILE *passwd = fopen("/etc/passwd", "re");
    (void)fclose(passwd);
}

static void read_file(void)
{
    (void)!pread(file, block, sizeof block, 0);
}

static void read_zero(void)
{
    (void)!read(zero, block, sizeof block);
}

static void write_file(void)
{
    (void)!pwrite(file, block, sizeof block, 0);
}

static void write_null(void)
{
    (void)!write(null, block, sizeof block);
}

static const struct {
    const char *name;
    void (*turn)(void);
} loops[] = {
    {"open_close", open_close}, {"open_read_close", open_read_close},
    {"stream", stream},         {"read_file", read_file},
    {"read_zero", read_zero},   {"write_file", write_file},
    {"write_null", write_null},
};

static double measure(void (*turn)(void))
{
    double least = 1e18;
    for (int i = 0; i < REPETITIONS; i++) {
        double start = now_ns();
        for (int j = 0; j < TURNS; j++)
            turn();
        double taken = (now_ns() - start) / TURNS;
        least = taken < least ? taken : least;
    }
    return least;
}

static void *wait_for_end(void *unused)
{
    (void)pause();
    return unused;
}

/* loops NAME [threads]: "threads" starts a second one, which sleeps. */
int main(int count, char **arguments)
{
    char scratch[] = "/tmp/holdfast-bench-XXXXXX";
    pthread_t thread;
    zero = open("/dev/zero", O_RDONLY);
    null = open("/dev/null", O_WRONLY);
    file = mkstemp(scratch);
    (void)unlink(scratch);
    if (write(file, block, sizeof block) != (ssize_t)sizeof block)
        return 1;
    if (count > 2 && pthread_create(&thread, NULL, wait_for_end, NULL) != 0)
        return 1;
    for (size_t i = 0; count > 1 && i < sizeof loops / sizeof *loops; i++) {
        if (strcmp(loops[i].name, arguments[1]) == 0) {
            printf("%.1f\n", measure(loops[i].turn));
            return 0;
        }
    }
    return 1;
}
