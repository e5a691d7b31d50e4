/* Loading libdw. */
#include "libdw.h"

#include <dlfcn.h>
#include <string.h>

libdw_functions libdw;

/* Where the table's entries are, which are of different types, and their names. */
typedef struct entry {
    const char *name;
    void *place;
} entry;

#define ENTRY(name) {#name, &libdw.name},
static const entry entries[] = {LIBDW_FUNCTIONS(ENTRY)};

static bool load(void)
{
    void *library = dlopen("libdw.so.1", RTLD_LAZY | RTLD_LOCAL);
    for (size_t i = 0; library != NULL && i < sizeof entries / sizeof entries[0]; i++) {
        void *found = dlsym(library, entries[i].name);
        if (found == NULL)
            return false;
        memcpy(entries[i].place, &found, sizeof found);
    }
    return library != NULL;
}

bool libdw_load(void)
{
    static enum { NOT_TRIED, LOADED, MISSING } state;
    if (state == NOT_TRIED)
        state = load() ? LOADED : MISSING;
    return state == LOADED;
}
