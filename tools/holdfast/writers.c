/* The system is asked (see hf_trace_has_writers).  Overlay file systems, which containers have, do
 * not know of memory that is shared with a file below; there, and to name the process, the maps of
 * all processes that may be looked into are read. */
#include "writers.h"

#include <ctype.h>
#include <dirent.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "report/trace.h"
#include "tool.h"

/* "7f00-7f80 rw-s 00000000 08:01 1234    /a/path" */
static bool is_mapping(const char *line, const char *whole)
{
    const char *rights = strchr(line, ' ');
    const char *path = strchr(line, '/');
    return rights != NULL && strncmp(rights + 1, "rw-s", 4) == 0 && path != NULL &&
           strncmp(path, whole, strlen(whole)) == 0 && path[strlen(whole)] == '\n';
}

static bool writes(const char *process, const char *whole)
{
    char maps[32];
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    (void)snprintf(maps, sizeof maps, "/proc/%.20s/maps", process);
    FILE *file = fopen(maps, "re");
    while (file != NULL && !found && getline(&line, &size, file) >= 0)
        found = is_mapping(line, whole);
    free(line);
    if (file != NULL)
        (void)fclose(file);
    return found;
}

/* 0: none that we may look into. */
static long find(const char *path)
{
    char *whole = realpath(path, NULL);
    DIR *processes = whole != NULL ? opendir("/proc") : NULL;
    long found = 0;
    for (const struct dirent *entry;
         processes != NULL && found == 0 && (entry = readdir(processes)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]) && writes(entry->d_name, whole))
            found = strtol(entry->d_name, NULL, 10);
    if (processes != NULL)
        (void)closedir(processes);
    free(whole);
    return found;
}

static bool is_on_overlay(const char *path)
{
    struct statfs of;
    return statfs(path, &of) == 0 && of.f_type == OVERLAYFS_SUPER_MAGIC;
}

void writers_refuse(const char *path)
{
    static const char remedy[] = "choose another file, or one for each run: --trace=FILE.%p";
    bool has_writers = hf_trace_has_writers(path);
    long writer = has_writers || is_on_overlay(path) ? find(path) : 0;
    if (writer != 0)
        tool_fail("process %ld still writes to the trace '%s'; %s", writer, path, remedy);
    if (has_writers)
        tool_fail("another process still writes to the trace '%s'; %s", path, remedy);
}
