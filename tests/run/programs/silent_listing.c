/* The list of descriptors is what it would be without the tool.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 -- */
#include "program.h"
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <setjmp.h>

static void list(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    int count = 0;
    MUST(directory != NULL);
    while ((entry = readdir(directory)) != NULL)
        count += entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory);
    printf("%s: %d\n", path, count);
    MUST(closedir(directory) == 0);
}

static bool is_number(const char *name)
{
    return name[0] >= '0' && name[0] <= '9';
}

static int select_numbers(const struct dirent *entry)
{
    return is_number(entry->d_name);
}

static void scan(void)
{
    struct dirent **entries;
    int folder = open("/proc/self", O_PATH | O_DIRECTORY);
    int count = scandir("/proc/self/fd", &entries, select_numbers, alphasort);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    printf("scandir: %d\n", count);
    count = scandirat(folder, "fd", &entries, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    printf("scandirat: %d\n", count);
    MUST(close(folder) == 0);
}

static void match(int closed)
{
    char pattern[64];
    glob_t found = {.gl_offs = 2};
    MUST(glob("/dev/fd/*", GLOB_DOOFFS, NULL, &found) == 0);
    printf("glob: %zu", found.gl_pathc);
    MUST(glob("/proc/self/fd/[0-9]*", GLOB_DOOFFS | GLOB_APPEND | GLOB_MARK, NULL, &found) == 0);
    printf(" %zu\n", found.gl_pathc);
    MUST(found.gl_pathv[0] == NULL && found.gl_pathv[2 + found.gl_pathc] == NULL);
    globfree(&found);
    (void)snprintf(pattern, sizeof pattern, "/proc/self/fd/%d", closed);
    MUST(glob(pattern, 0, NULL, &found) == GLOB_NOMATCH);
    MUST(glob(pattern, GLOB_NOCHECK, NULL, &found) == 0 && found.gl_pathc == 1);
    globfree(&found);
}

static int visited;

static int visit(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    visited += place->level == 1 && is_number(path + place->base);
    return visited == 3 ? 42 : 0;
}

/* Walks of others do not disturb this one, however they end. */
static jmp_buf out;
static int jump(const char *path, const struct stat *status, int type, struct FTW *place)
{
    longjmp(out, 1 + visit(path, status, type, place));
}

static int visit_deeply(const char *path, const struct stat *status, int type, struct FTW *place)
{
    if (setjmp(out) == 0)
        MUST(nftw("/proc/self/fdinfo", jump, 5, FTW_PHYS) == 99);
    visited += place->level == 1 && is_number(path + place->base);
    return (void)status, (void)type, 0;
}

static void walk(void)
{
    MUST(nftw("/proc/self/fd", visit, 5, FTW_PHYS) == 42 && visited == 3);
    visited = 4;
    MUST(nftw("/proc/self/fd", visit, 5, FTW_PHYS | FTW_CHDIR | FTW_DEPTH) == 0);
    printf("nftw: %d", visited);
    MUST(nftw("/proc/self/fd/", visit_deeply, 5, FTW_PHYS) == 0);
    printf(" %d\n", visited);
}

static void go_through(int options)
{
    char *paths[] = {(char[]){"/proc/self/fd"}, NULL};
    FTS *tree = fts_open(paths, options, NULL);
    FTSENT *entry;
    int count = 0;
    while ((entry = fts_read(tree)) != NULL)
        count += entry->fts_level == 1 && entry->fts_info != FTS_DP && is_number(entry->fts_name);
    printf("fts: %d\n", count);
    MUST(fts_close(tree) == 0);
}

int main(void)
{
    int opened[10];
    list("/proc/self/fd");
    for (int i = 0; i < 10; i++)
        opened[i] = open("/etc/hostname", O_RDONLY);
    list("/dev/fd");
    for (int i = 0; i < 7; i++)
        MUST(close(opened[i]) == 0);
    list("/proc/self/fd");
    list("/proc/self/fdinfo");
    scan();
    match(opened[0]);
    walk();
    go_through(FTS_PHYSICAL);
    go_through(FTS_PHYSICAL | FTS_NOCHDIR);
    (void)fflush(stdout);
    MUST(system("ls /proc/self/fd | wc -l") == 0);
    return 0;
}
