/* A forked child that will execute closes what it does not want to pass on: streams' descriptors,
 * sockets of others, what its parent closed already, all in loops as they come.
 *
 * expect: nothing
 * run: loop
 * run: streams
 * run: range
 * run: ends
 * run: --quarantine=0 -- loop
 * run: --quarantine=0 -- streams */
#include "program.h"
#include <sys/resource.h>

static int opened[8];
static FILE *stream;
static DIR *directory;
static int ends[2];

static void child(const char *how)
{
    if (strcmp(how, "loop") == 0) {
        for (int i = 3; i <= opened[7]; i++)
            (void)close(i);
    } else if (strcmp(how, "streams") == 0) {
        MUST(close(fileno(stream)) == 0);
        MUST(close(dirfd(directory)) == 0);
    } else if (strcmp(how, "range") == 0) {
        MUST(close_range(3, ~0U, 0) == 0);
    } else if (strcmp(how, "ends") == 0) {
        MUST(dup2(ends[1], 1) == 1);
        MUST(close(ends[0]) == 0);
        MUST(close(ends[1]) == 0);
    }
    (void)execl("/bin/true", "true", (char *)NULL);
    _exit(98);
}

int main(int count, char **arguments)
{
    pid_t id;
    stream = fopen("/etc/hostname", "r");
    directory = opendir("/etc");
    MUST(pipe(ends) == 0);
    for (int i = 0; i < 8; i++)
        opened[i] = open("/etc/hostname", O_RDONLY);
    for (int i = 0; i < 7; i++)
        MUST(close(opened[i]) == 0);
    id = fork();
    MUST(id >= 0);
    if (id == 0)
        child(arguments[count - 1]);
    MUST(status_of(id) == 0);
    MUST(close(opened[7]) == 0);
    MUST(close(ends[0]) == 0 && close(ends[1]) == 0);
    MUST(fclose(stream) == 0);
    MUST(closedir(directory) == 0);
    return 0;
}
