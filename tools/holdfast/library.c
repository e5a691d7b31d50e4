/* Finding the library. */
#include "library.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../preload/variables.h"
#include "tool.h"

#define LIBRARY_NAME "libholdfast-run.so"

/* From the folder that this program lies in: HOLDFAST_LIBRARY_FOLDER is where it is installed. */
static const char *const places[] = {HOLDFAST_LIBRARY_FOLDER "/" LIBRARY_NAME,
                                     "../preload/" LIBRARY_NAME};

static void own_folder(char *folder, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", folder, size - 1);
    if (length < 0)
        tool_fail("/proc/self/exe: %s", strerror(errno));
    folder[length] = '\0';
    *strrchr(folder, '/') = '\0';
}

static char *search(void)
{
    char folder[PATH_MAX];
    char path[PATH_MAX + 64];
    own_folder(folder, sizeof folder);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, places[i]);
        char *found = realpath(path, NULL);
        if (found != NULL)
            return found;
    }
    tool_fail(LIBRARY_NAME " is not where it should be: %s/%s", folder, places[0]);
}

void library_find(char *path, size_t size)
{
    const char *asked = getenv("HOLDFAST_RUN_LIBRARY");
    char *found = asked != NULL ? realpath(asked, NULL) : search();
    if (found == NULL)
        tool_fail("HOLDFAST_RUN_LIBRARY: '%s': %s", asked, strerror(errno));
    /* The dynamic linker knows no way to write them otherwise in LD_PRELOAD. */
    if (!run_variables_can_name(found))
        tool_fail("the path of a preloaded library must have no space, no colon and no $: '%s'",
                  found);
    if (snprintf(path, size, "%s", found) >= (int)size)
        tool_fail("the library's path is too long: '%s'", found);
    free(found);
}
