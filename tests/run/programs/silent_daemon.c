/* A daemon: fork, setsid, close 0 to 2, open /dev/null and duplicate it there.
 *
 * expect: nothing
 * run: close
 * run: dup2
 * run: loop */
#include "program.h"

static void detach(const char *how)
{
    int null;
    MUST(setsid() != -1);
    MUST(chdir("/") == 0);
    (void)umask(022);
    if (strcmp(how, "dup2") == 0) {
        null = open("/dev/null", O_RDWR);
        MUST(dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2);
        MUST(null > 2 && close(null) == 0);
        return;
    }
    if (strcmp(how, "loop") == 0) {
        for (int i = 63; i >= 0; i--)
            (void)close(i);
    } else {
        MUST(close(0) == 0 && close(1) == 0 && close(2) == 0);
    }
    MUST(open("/dev/null", O_RDWR) == 0);
    MUST(dup(0) == 1);
    MUST(dup(0) == 2);
}

int main(int count, char **arguments)
{
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        detach(arguments[count - 1]);
        child = fork();
        if (child == 0) {
            int descriptor = open("/etc/hostname", O_RDONLY);
            _exit(descriptor > 2 && close(descriptor) == 0 ? 0 : 1);
        }
        _exit(status_of(child));
    }
    MUST(status_of(child) == 0);
    puts("detached");
    return 0;
}
