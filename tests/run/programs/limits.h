/* How many descriptors a call opens before there is no room, in processes that have hardly any. */
#ifndef LIMITS_H
#define LIMITS_H

#include "program.h"
#include <sys/resource.h>

enum { MOST = 1200 };

/* Opens one, or two, and answers how many; or 0, if there is no room for them. */
typedef int opener(int *opened);

static inline int one(int descriptor, int *opened)
{
    MUST(descriptor >= 0 || errno == EMFILE);
    *opened = descriptor;
    return descriptor >= 0;
}

static inline int two(int result)
{
    MUST(result == 0 || errno == EMFILE);
    return result == 0 ? 2 : 0;
}

/* By the descriptors that they own. */
static FILE *streams[MOST];
static DIR *directories[MOST];

static inline void close_whatever(int descriptor)
{
    FILE *stream = streams[descriptor];
    DIR *directory = directories[descriptor];
    streams[descriptor] = NULL;
    directories[descriptor] = NULL;
    if (stream != NULL)
        MUST(fclose(stream) == 0);
    else if (directory != NULL)
        MUST(closedir(directory) == 0);
    else
        MUST(close(descriptor) == 0);
}

static inline int by_dup(int *opened)
{
    return one(dup(0), opened);
}

static int opened[MOST];

/* Answers how many. */
static inline int fill(opener *function, int count)
{
    int more;
    while ((more = function(&opened[count])) > 0)
        count += more;
    return count;
}

static inline void close_all(int count)
{
    for (int i = 0; i < count; i++)
        close_whatever(opened[i]);
}

static inline void close_some(void)
{
    int some[16];
    for (int i = 0; i < 16; i++)
        some[i] = open("/dev/null", O_RDONLY);
    for (int i = 0; i < 16; i++)
        MUST(close(some[i]) == 0);
}

/* How many numbers are free. */
static inline int room_left(void)
{
    struct rlimit limit;
    DIR *directory = opendir("/proc/self/fd");
    int taken = -3; /* ".", ".." and the directory itself */
    while (readdir(directory) != NULL)
        taken++;
    MUST(closedir(directory) == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0);
    return (int)limit.rlim_cur - taken;
}

/* One is free, no call has failed yet, and the lowest is closed. */
static inline void use_the_last(opener *function)
{
    int count = 0;
    for (int i = room_left(); i > 1; i--)
        MUST(by_dup(&opened[count++]) == 1);
    close_whatever(opened[0]);
    opened[0] = opened[--count];
    int before = count;
    count = fill(function, count);
    printf(" %d;", count - before);
    close_all(count);
}

/* All is full; makes room, of which others take some. */
static inline int use_room(opener *function, int count, int room, int others)
{
    for (int i = 0; i < room; i++)
        close_whatever(opened[--count]);
    for (int i = 0; i < others; i++)
        MUST(by_dup(&opened[count++]) == 1);
    int before = count;
    count = fill(function, count);
    printf(" %d", count - before);
    return fill(by_dup, count);
}

static inline void try_call(const char *name, opener *function)
{
    printf("%s:", name);
    close_some();
    use_the_last(function);
    int count = fill(function, 0);
    printf(" %d", count);
    close_whatever(opened[--count]);
    close_whatever(opened[--count]);
    count = fill(function, count);
    printf(" %d;", count);
    count = fill(by_dup, count);
    for (int room = 1; room <= 6; room++)
        for (int others = 0; others < 3 && others < room; others++)
            count = use_room(function, count, room, others);
    printf("\n");
    close_all(count);
}

/* Each in a process of its own, which has closed little before. */
static inline void try_in_child(const char *name, opener *function)
{
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        try_call(name, function);
        (void)fflush(stdout);
        _exit(0);
    }
    MUST(status_of(child) == 0);
}

#define TRY(name) try_in_child(#name, by_##name)

static inline void limit_descriptors(const char *most)
{
    struct rlimit limit = {(rlim_t)atoi(most), (rlim_t)atoi(most)};
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

#endif
