/* The library takes its own entries out again before the program's main runs, and puts them back
 * for the programs that it executes: see preload/self.h. */
#include "environment.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../preload/self.h"

enum { OWN_ENTRIES = 3 };

static bool is_variable(const char *entry, const char *name)
{
    size_t length = strlen(name);
    return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

/* NAME=value, or NAME=first<separator>second where the other is there, too. */
static char *join(const char *name, const char *first, const char *second)
{
    char *made = NULL;
    bool both = first != NULL && first[0] != '\0' && second != NULL && second[0] != '\0';
    if (asprintf(&made, "%s=%s%s%s", name, first != NULL ? first : "", both ? ":" : "",
                 second != NULL ? second : "") < 0)
        return NULL;
    return made;
}

static bool is_replaced(const char *entry)
{
    return is_variable(entry, "LD_PRELOAD") || is_variable(entry, RUN_VARIABLE) ||
           is_variable(entry, "ASAN_OPTIONS");
}

/* Shells put the path of what they execute into _, which is to be the program. */
static char *entry_for(char *entry, const char *program)
{
    return is_variable(entry, "_") ? join("_", program, NULL) : entry;
}

char **environment_create(const char *library, const char *trace, const char *program)
{
    size_t count = 0;
    size_t filled = 0;
    while (environ[count] != NULL)
        count++;
    char **made = calloc(count + OWN_ENTRIES + 1, sizeof *made);
    if (made == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (!is_replaced(environ[i]))
            made[filled++] = entry_for(environ[i], program);
    }
    made[filled++] = join("LD_PRELOAD", library, getenv("LD_PRELOAD"));
    made[filled++] = join(RUN_VARIABLE, trace, NULL);
    /* gcc's AddressSanitizer insists on being the first library, unless it is told not to. */
    made[filled++] = join("ASAN_OPTIONS", getenv("ASAN_OPTIONS"), "verify_asan_link_order=0");
    for (size_t i = 0; i < filled; i++) {
        if (made[i] == NULL)
            return NULL;
    }
    return made;
}
