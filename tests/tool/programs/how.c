/* Runs a command, and says how it ended: "exit 3", "signal 15". */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0 && argc > 1) {
        execvp(argv[1], argv + 1);
        _exit(99);
    }
    (void)waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        printf("signal %d%s\n", WTERMSIG(status), WCOREDUMP(status) ? ", core" : "");
    else
        printf("exit %d\n", WEXITSTATUS(status));
    return 0;
}
