/* The library takes its own entries out again before the program's main runs, and puts them back
 * for the programs that it executes: see preload/variables.h, which does the same here. */
#include "environment.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../preload/self.h"
#include "../preload/variables.h"

static bool is_variable(const char *entry, const char *name)
{
    size_t length = strlen(name);
    return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

/* Shells put the path of what they execute into _, which is to be the program. */
static char *entry_for(char *entry, const char *program)
{
    char *made = NULL;
    if (!is_variable(entry, "_"))
        return entry;
    return asprintf(&made, "_=%s", program) < 0 ? entry : made;
}

/* What the program is to see: without the trace of somebody else's run. */
static char **plain_environment(const char *program)
{
    size_t count = 0;
    size_t kept = 0;
    while (environ[count] != NULL)
        count++;
    char **made = calloc(count + 1, sizeof *made);
    for (size_t i = 0; made != NULL && i < count; i++) {
        if (!is_variable(environ[i], RUN_VARIABLE))
            made[kept++] = entry_for(environ[i], program);
    }
    return made;
}

char **environment_create(const char *library, const char *trace, const char *program)
{
    run_variables ours = {.library = library, .trace = trace};
    char **plain = plain_environment(program);
    size_t room = plain != NULL ? run_variables_room(&ours, plain) : 0;
    void *memory = room != 0 ? malloc(room) : NULL;
    char **made = memory != NULL ? run_variables_put(&ours, plain, memory) : NULL;
    free(plain);
    return made;
}
