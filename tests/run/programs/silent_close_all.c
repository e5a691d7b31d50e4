/* Loops that close the whole table: they hit closed numbers by design.
 *
 * expect: nothing
 * run: upwards
 * run: downwards
 * run: asked
 * run: from_zero
 * run: listed
 * run: closefrom
 * run: close_range
 * run: close_range_cloexec
 * run: by_syscall
 * run: --quarantine=0 -- upwards
 * run: --quarantine=0 -- downwards
 * run: --quarantine=0 -- from_zero
 * run: --leaks -- upwards
 * run: --probes=0 -- asked */
#include "program.h"
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static int most;

static void upwards(void)
{
    for (int i = 3; i < most; i++)
        (void)close(i);
}

static void downwards(void)
{
    for (int i = most - 1; i > 2; i--)
        (void)close(i);
}

static void asked(void)
{
    for (int i = 3; i < most; i++)
        if (fcntl(i, F_GETFD) != -1)
            MUST(close(i) == 0);
}

/* As daemons do that reopen 0 to 2 afterwards. */
static void from_zero(void)
{
    int output = fcntl(1, F_DUPFD, most - 1);
    for (int i = 0; i < most - 1; i++)
        (void)close(i);
    MUST(open("/dev/null", O_RDWR) == 0);
    MUST(dup2(output, 1) == 1);
    MUST(dup2(output, 2) == 2);
    MUST(close(output) == 0);
}

static void listed(void)
{
    DIR *directory = opendir("/proc/self/fd");
    struct dirent *entry;
    MUST(directory != NULL);
    while ((entry = readdir(directory)) != NULL) {
        int number = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && number > 2 && number != dirfd(directory))
            MUST(close(number) == 0);
    }
    MUST(closedir(directory) == 0);
}

static void by_syscall(void)
{
    for (int i = 3; i < most; i++)
        (void)syscall(SYS_close, i);
}

int main(int count, char **arguments)
{
    const char *how = arguments[count > 1 ? count - 1 : 0];
    struct rlimit limit = {256, 256};
    int opened[40];
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    most = (int)sysconf(_SC_OPEN_MAX);
    MUST(most == 256);
    for (int i = 0; i < 40; i++)
        opened[i] = open("/etc/hostname", O_RDONLY);
    for (int i = 0; i < 40; i += 3)
        MUST(close(opened[i]) == 0);
    if (strcmp(how, "upwards") == 0)
        upwards();
    else if (strcmp(how, "downwards") == 0)
        downwards();
    else if (strcmp(how, "asked") == 0)
        asked();
    else if (strcmp(how, "from_zero") == 0)
        from_zero();
    else if (strcmp(how, "listed") == 0)
        listed();
    else if (strcmp(how, "closefrom") == 0)
        closefrom(3);
    else if (strcmp(how, "close_range") == 0)
        MUST(close_range(3, ~0U, 0) == 0);
    else if (strcmp(how, "close_range_cloexec") == 0)
        MUST(close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0);
    else if (strcmp(how, "by_syscall") == 0)
        by_syscall();
    /* What is opened now is nobody else's. */
    opened[0] = open("/etc/hostname", O_RDONLY);
    MUST(opened[0] > 2 && close(opened[0]) == 0);
    puts(how);
    return 0;
}
