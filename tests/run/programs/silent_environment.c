/* The environment is the user's: whole, and nothing else in it; in the program, in its children,
 * and as the system shows it.
 *
 * expect: nothing */
#include "program.h"

extern char **environ;

int main(int count, char **arguments, char **envp)
{
    (void)count;
    (void)arguments;
    for (int i = 0; envp[i] != NULL; i++)
        printf("given: %s\n", envp[i]);
    for (int i = 0; environ[i] != NULL; i++)
        printf("now: %s\n", environ[i]);
    printf("%s\n", getenv("LD_PRELOAD") != NULL ? getenv("LD_PRELOAD") : "none");
    printf("%s\n", getenv("HOLDFAST_RUN") != NULL ? "there" : "none");
    (void)fflush(stdout);
    MUST(system("env | grep -v '^_='") == 0);
    MUST(setenv("ADDED", "1", 1) == 0);
    MUST(unsetenv("PATH") == 0);
    (void)fflush(stdout);
    (void)execl("/usr/bin/env", "env", (char *)NULL);
    return 99;
}
