/* The library takes its own entries out again before the program's main runs, and puts them back
 * for the programs that it executes: see preload/variables.h. */
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

/* The tool's own environment, but that another trace is named in it, and that `_`, into which
 * shells put the path of what they execute, is the program. */
static bool copy_environment(char **made, const char *program)
{
    size_t filled = 0;
    for (size_t i = 0; environ[i] != NULL; i++) {
        if (is_variable(environ[i], RUN_VARIABLE))
            continue;
        made[filled] = environ[i];
        if (is_variable(environ[i], "_") && asprintf(&made[filled], "_=%s", program) < 0)
            return false;
        filled++;
    }
    made[filled] = NULL;
    return true;
}

char **environment_create(const char *library, const char *trace, const char *program)
{
    const run_variables variables = {.library = library, .trace = trace};
    size_t count = 0;
    while (environ != NULL && environ[count] != NULL)
        count++;
    char **copy = calloc(count + 1, sizeof *copy);
    if (copy == NULL || (count > 0 && !copy_environment(copy, program)))
        return NULL;
    size_t room = run_variables_room(&variables, copy);
    void *made = room != 0 ? malloc(room) : NULL;
    char **environment = made != NULL ? run_variables_put(&variables, copy, made) : NULL;
    free(copy);
    return environment;
}
