/* Mistakes of programs that are executed in each of the ways there are, also with an environment
 * of their own, which they see as it was given to them.
 *
 * expect: double-close now=after_execve
 * expect: double-close now=after_execvpe
 * expect: double-close now=after_execl
 * expect: double-close now=after_fexecve
 * expect: double-close now=after_posix_spawn
 * expect: double-close now=after_vfork
 * expect: double-close now=after_system
 * expect: double-close now=after_popen */
#include "program.h"
#include <spawn.h>

extern char **environ;
static char path[4096];
static char *no_environment[] = {NULL};
static char *one_variable[] = {"ONE=1", NULL};

#define WAY(name)                                                      \
    STEP void after_##name(void)                                       \
    {                                                                  \
        int descriptor = open("/etc/hostname", O_RDONLY);              \
        MUST(close(descriptor) == 0 && is_refused(close(descriptor))); \
    }
WAY(execve)
WAY(execvpe)
WAY(execl)
WAY(fexecve)
WAY(posix_spawn)
WAY(vfork)
WAY(system)
WAY(popen)

#define LISTED(name)        \
    {                       \
#name, after_##name \
    }
static const struct {
    const char *name;
    void (*function)(void);
} ways[] = {LISTED(execve),      LISTED(execvpe), LISTED(execl),  LISTED(fexecve),
            LISTED(posix_spawn), LISTED(vfork),   LISTED(system), LISTED(popen)};

static int executed(const char *name)
{
    int variables = 0;
    bool found = false;
    while (environ != NULL && environ[variables] != NULL)
        variables++;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (strcmp(ways[i].name, name) == 0) {
            ways[i].function();
            found = true;
        }
    }
    MUST(found);
    if (strncmp(name, "exec", 4) == 0 && strcmp(name, "execl") != 0)
        printf("%s: %d variables, the first %s\n", name, variables,
               variables > 0 ? environ[0] : "none");
    else
        printf("%s\n", name);
    return 0;
}

static void execute(const char *name)
{
    char *list[] = {path, (char *)(uintptr_t)name, NULL};
    if (strcmp(name, "execve") == 0)
        (void)execve(path, list, no_environment);
    else if (strcmp(name, "execvpe") == 0)
        (void)execvpe(path, list, one_variable);
    else if (strcmp(name, "execl") == 0)
        (void)execl(path, path, name, (char *)NULL);
    else if (strcmp(name, "fexecve") == 0)
        (void)fexecve(open(path, O_RDONLY | O_CLOEXEC), list, one_variable);
    _exit(98);
}

static void in_child(const char *name)
{
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0)
        execute(name);
    MUST(status_of(child) == 0);
}

static void by_vfork(void)
{
    pid_t child = vfork();
    if (child == 0) {
        (void)execl(path, path, "vfork", (char *)NULL);
        _exit(98);
    }
    MUST(status_of(child) == 0);
}

static void by_popen(const char *command)
{
    char line[64];
    FILE *stream = popen(command, "r");
    while (fgets(line, sizeof line, stream) != NULL)
        (void)fputs(line, stdout);
    MUST(pclose(stream) == 0);
}

int main(int count, char **arguments)
{
    char command[5000];
    char *list[] = {path, "posix_spawn", NULL};
    pid_t child;
    if (count > 1)
        return executed(arguments[1]);
    (void)setvbuf(stdout, NULL, _IONBF, 0);
    MUST(realpath("/proc/self/exe", path) != NULL);
    in_child("execve");
    in_child("execvpe");
    in_child("execl");
    in_child("fexecve");
    MUST(posix_spawn(&child, path, NULL, NULL, list, one_variable) == 0);
    MUST(status_of(child) == 0);
    by_vfork();
    (void)snprintf(command, sizeof command, "'%s' system", path);
    MUST(system(command) == 0);
    (void)snprintf(command, sizeof command, "'%s' popen", path);
    by_popen(command);
    return 0;
}
