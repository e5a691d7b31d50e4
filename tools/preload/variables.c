/* See variables.h.  Of duplicates the one is edited that is heeded: of LD_PRELOAD the last (the
 * dynamic linker), of ASAN_OPTIONS the first (the sanitizer). */
#include "variables.h"

#include <string.h>

#include "self.h"

#define PRELOAD       "LD_PRELOAD="
#define TRACE         RUN_VARIABLE "="
#define SANITIZER     "ASAN_OPTIONS="
#define NO_LINK_ORDER "verify_asan_link_order=0"

enum {
    ADDED = 3,
    LARGEST = 6 << 20 /* three quarters of the default stack: more is E2BIG on any Linux */
};

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

bool run_variables_can_name(const char *library)
{
    return library[0] == '/' && library[strcspn(library, " :$")] == '\0';
}

/* ---- putting in ----------------------------------------------------------------------------- */

/* Where the entries are that are to be edited; -1: nowhere. */
typedef struct survey {
    ptrdiff_t count;
    ptrdiff_t preload;
    ptrdiff_t sanitizer;
    bool has_trace;
    size_t bytes; /* of all, with their pointers */
} survey;

static survey look_at(char *const *environment)
{
    survey of = {.count = 0, .preload = -1, .sanitizer = -1};
    for (; environment != NULL && environment[of.count] != NULL; of.count++) {
        const char *entry = environment[of.count];
        of.bytes += strlen(entry) + 1 + sizeof entry;
        of.has_trace |= begins_with(entry, TRACE);
        if (begins_with(entry, PRELOAD))
            of.preload = of.count;
        if (of.sanitizer < 0 && begins_with(entry, SANITIZER))
            of.sanitizer = of.count;
    }
    return of;
}

static size_t length_at(char *const *environment, ptrdiff_t index)
{
    return index < 0 ? 0 : strlen(environment[index]);
}

size_t run_variables_room(const run_variables *variables, char *const *environment)
{
    survey of = look_at(environment);
    if (of.has_trace || of.bytes > LARGEST)
        return 0;
    size_t strings = sizeof PRELOAD + strlen(variables->library) + sizeof ":" +
                     length_at(environment, of.preload) + sizeof TRACE + strlen(variables->trace) +
                     sizeof SANITIZER + sizeof ":" NO_LINK_ORDER +
                     length_at(environment, of.sanitizer);
    return ((size_t)of.count + ADDED + 1) * sizeof(char *) + strings;
}

/* `theirs`: the user's entry, or NULL.  These answer where the next string begins. */
static char *write_preload(char *at, const char *library, const char *theirs)
{
    at = stpcpy(stpcpy(at, PRELOAD), library);
    if (theirs != NULL)
        at = stpcpy(stpcpy(at, ":"), theirs + strlen(PRELOAD));
    return at + 1;
}

static char *write_sanitizer(char *at, const char *theirs)
{
    at = theirs != NULL ? stpcpy(stpcpy(at, theirs), ":") : stpcpy(at, SANITIZER);
    return stpcpy(at, NO_LINK_ORDER) + 1;
}

/* The place of an entry: the user's, or one more. */
static char **place(char **array, ptrdiff_t index, ptrdiff_t *count)
{
    return &array[index >= 0 ? index : (*count)++];
}

static const char *entry_at(char *const *environment, ptrdiff_t index)
{
    return index < 0 ? NULL : environment[index];
}

char **run_variables_put(const run_variables *variables, char *const *environment, void *room)
{
    survey of = look_at(environment);
    ptrdiff_t count = of.count;
    char **array = room;
    char *end = (char *)&array[count + ADDED + 1];
    if (count > 0)
        memcpy(array, environment, (size_t)count * sizeof *array);
    *place(array, of.preload, &count) = end;
    end = write_preload(end, variables->library, entry_at(environment, of.preload));
    *place(array, -1, &count) = end;
    end = stpcpy(stpcpy(end, TRACE), variables->trace) + 1;
    *place(array, of.sanitizer, &count) = end;
    (void)write_sanitizer(end, entry_at(environment, of.sanitizer));
    array[count] = NULL;
    return array;
}

/* ---- taking out ----------------------------------------------------------------------------- */

/* These shorten the entry to what is the user's.  True: nothing is, it is to go. */
static bool strip_preload(const char *library, char *entry)
{
    size_t length = strlen(library);
    char *value = entry + strlen(PRELOAD);
    if (strncmp(value, library, length) != 0 || (value[length] != ':' && value[length] != '\0'))
        return false;
    if (value[length] == '\0')
        return true;
    size_t whole = strlen(value);
    size_t rest = whole - length - 1;
    memmove(value, value + length + 1, rest);
    memset(value + rest, 0, whole - rest);
    return false;
}

static bool strip_sanitizer(char *entry)
{
    char *value = entry + strlen(SANITIZER);
    size_t length = strlen(value);
    size_t ours = strlen(NO_LINK_ORDER);
    if (strcmp(value, NO_LINK_ORDER) == 0)
        return true;
    if (length <= ours || strcmp(value + length - ours, NO_LINK_ORDER) != 0 ||
        value[length - ours - 1] != ':')
        return false;
    memset(value + length - ours - 1, 0, ours + 1);
    return false;
}

void run_variables_take(const char *library, char **environment)
{
    survey of = look_at(environment);
    ptrdiff_t kept = 0;
    for (ptrdiff_t i = 0; i < of.count; i++) {
        char *entry = environment[i];
        bool goes = begins_with(entry, TRACE) ||
                    (i == of.preload && strip_preload(library, entry)) ||
                    (i == of.sanitizer && strip_sanitizer(entry));
        if (!goes)
            environment[kept++] = entry;
        else
            memset(entry, 0, strlen(entry));
    }
    /* All that is left over: programs without a C library's start, such as Go's, take what follows
     * the first NULL for the auxiliary vector, and look elsewhere if it is empty. */
    while (kept < of.count)
        environment[kept++] = NULL;
}

const char *run_variables_find(char *const *environment, const char *name)
{
    size_t length = strlen(name);
    for (; environment != NULL && *environment != NULL; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return *environment + length + 1;
    return NULL;
}
