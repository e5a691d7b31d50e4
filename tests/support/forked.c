/* A child per body; it leaves by _exit, so that the test framework does not see two of itself. */
#include "forked.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int forked(int (*body)(void *argument), void *argument)
{
    int status = 0;
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0)
        _exit(body(argument));
    if (waitpid(child, &status, 0) != child)
        abort();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
