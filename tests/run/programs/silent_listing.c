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
#include <wordexp.h>

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

static int number_of_words(const char *text, int flags, wordexp_t *words)
{
    MUST(wordexp(text, words, flags) == 0);
    MUST(words->we_wordv[0] == NULL && words->we_wordv[1 + words->we_wordc] == NULL);
    return (int)words->we_wordc;
}

/* What is written as it is stays, whatever is there. */
static void expand(int closed)
{
    char text[128];
    wordexp_t words = {.we_offs = 1};
    printf("wordexp: %d", number_of_words("a /dev/fd/* b", WRDE_DOOFFS, &words));
    MUST(setenv("FOLDER", "/proc/self/fd", 1) == 0);
    printf(" %d", number_of_words("$FOLDER/[0-9]* '/?'", WRDE_DOOFFS | WRDE_APPEND, &words));
    (void)snprintf(text, sizeof text, "/proc/self/fd/%d '/proc/self/fd/%d' /x?*", closed, closed);
    printf(" %d\n", number_of_words(text, WRDE_DOOFFS | WRDE_APPEND, &words));
    MUST(strcmp(words.we_wordv[words.we_wordc], "/x?*") == 0);
    wordfree(&words);
    (void)snprintf(text, sizeof text, "/proc/self/fd/%d", closed);
    MUST(number_of_words(text, WRDE_DOOFFS, &words) == 1);
    wordfree(&words);
    (void)snprintf(text, sizeof text, "/proc/self/fd/%.0d[%d]", closed / 10, closed % 10);
    MUST(number_of_words(text, WRDE_DOOFFS, &words) == 1);
    wordfree(&words);
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

/* It follows links, and so would go through all that lies below the directory "/". */
static int visit_plainly(const char *path, const struct stat *status, int type)
{
    const char *name = strstr(path, "/fd") + strlen("/fd");
    (void)status;
    MUST(type == FTW_F || type == FTW_D || type == FTW_DNR || type == FTW_NS);
    visited += name[0] == '/' && is_number(name + 1) && strchr(name + 1, '/') == NULL;
    return strstr(name, "/etc/passwd") != NULL ? 42 : 0;
}

static int stop(const char *path, const struct stat *status, int type)
{
    return (void)path, (void)status, type == FTW_D ? 7 : 0;
}

static void walk_plainly(void)
{
    visited = 0;
    MUST(ftw("/proc/self/fd/", visit_plainly, 5) == 0);
    printf("ftw: %d", visited);
    MUST(ftw("/dev/fd/", visit_plainly, 5) == 0);
    printf(" %d\n", visited);
    MUST(ftw("/proc/self/fd", stop, 5) == 7);
    MUST(ftw("/nowhere", stop, 5) == -1 && errno == ENOENT);
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

static int children_of(FTS *tree, int options)
{
    int count = 0;
    for (FTSENT *child = fts_children(tree, options); child != NULL; child = child->fts_link)
        count += is_number(child->fts_name);
    return count;
}

static void show_children(FTS *tree)
{
    printf("fts_children: %d", children_of(tree, FTS_NAMEONLY));
    printf(" %d\n", children_of(tree, 0));
}

static void go_through(int options)
{
    char *paths[] = {(char[]){"/proc/self/fd"}, NULL};
    FTS *tree = fts_open(paths, options, NULL);
    FTSENT *entry;
    int count = 0;
    while ((entry = fts_read(tree)) != NULL) {
        if (entry->fts_level == 0 && entry->fts_info == FTS_D)
            show_children(tree);
        count += entry->fts_level == 1 && entry->fts_info != FTS_DP && is_number(entry->fts_name);
    }
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
    expand(opened[0]);
    walk();
    walk_plainly();
    go_through(FTS_PHYSICAL);
    go_through(FTS_PHYSICAL | FTS_NOCHDIR);
    (void)fflush(stdout);
    MUST(system("ls /proc/self/fd | wc -l") == 0);
    return 0;
}
