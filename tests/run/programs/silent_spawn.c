/* posix_spawn with file actions that close, open and duplicate.
 *
 * expect: nothing */
#include "program.h"
#include <spawn.h>

extern char **environ;

int main(void)
{
    posix_spawn_file_actions_t actions;
    char *arguments[] = {(char *)(uintptr_t) "cat", NULL};
    char text[64] = "";
    int ends[2];
    pid_t child;
    MUST(pipe(ends) == 0);
    MUST(posix_spawn_file_actions_init(&actions) == 0);
    MUST(posix_spawn_file_actions_adddup2(&actions, ends[1], 1) == 0);
    MUST(posix_spawn_file_actions_addclose(&actions, ends[0]) == 0);
    MUST(posix_spawn_file_actions_addclose(&actions, ends[1]) == 0);
    MUST(posix_spawn_file_actions_addopen(&actions, 0, "/etc/hostname", O_RDONLY, 0) == 0);
    for (int i = 0; i < 3; i++) {
        MUST(posix_spawnp(&child, "cat", &actions, NULL, arguments, environ) == 0);
        MUST(status_of(child) == 0);
        MUST(read(ends[0], text, sizeof text) > 0);
    }
    MUST(posix_spawn_file_actions_destroy(&actions) == 0);
    MUST(close(ends[0]) == 0);
    MUST(close(ends[1]) == 0);
    puts(text[0] != '\0' ? "some text" : "no text");
    return 0;
}
