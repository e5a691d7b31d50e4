/* What opens directories for a while finds as many free numbers as without the tool, where hardly
 * one is.
 *
 * expect: nothing
 * run: 64
 * run: 300
 * run: 1024
 * run: --quarantine=5000 -- 300 */
#include "limits.h"
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <wordexp.h>

static char folder[] = "folder";

/* ---- walks ---------------------------------------------------------------------------------- */

static bool by_scandir(void)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    if (count >= 0)
        free(entries);
    return count == 3;
}

static int pass(const char *path, const struct stat *status, int type)
{
    return (void)path, (void)status, type == FTW_DNR ? 1 : 0;
}

static bool by_ftw(void)
{
    return ftw(folder, pass, 1) == 0;
}

static int pass_place(const char *path, const struct stat *status, int type, struct FTW *place)
{
    return (void)place, pass(path, status, type);
}

static bool by_nftw(void)
{
    return nftw(folder, pass_place, 1, FTW_PHYS) == 0;
}

static bool by_fts(void)
{
    char *paths[] = {folder, NULL};
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    bool done = tree != NULL;
    FTSENT *entry;
    while (tree != NULL && (entry = fts_read(tree)) != NULL)
        done = done && entry->fts_info != FTS_DNR && entry->fts_info != FTS_ERR;
    MUST(tree == NULL || fts_close(tree) == 0);
    return done;
}

static bool by_glob(void)
{
    glob_t found;
    bool done = glob("folder/*", 0, NULL, &found) == 0;
    if (done)
        globfree(&found);
    return done;
}

static bool by_wordexp(void)
{
    wordexp_t words;
    MUST(wordexp("folder/*", &words, 0) == 0);
    bool done = strcmp(words.we_wordv[0], "folder/inner") == 0;
    wordfree(&words);
    return done;
}

static bool by_popen(void)
{
    FILE *stream = popen("true", "r");
    return stream != NULL && pclose(stream) == 0;
}

/* ---- little room ---------------------------------------------------------------------------- */

/* One is free, no call has failed yet, and the lowest is closed: so two are. */
static void leave_two(void)
{
    int lowest = dup(0);
    for (int i = room_left(); i > 1; i--)
        MUST(dup(0) > lowest);
    MUST(close(lowest) == 0);
}

static void try_walk(const char *name, bool (*walk)(void))
{
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        leave_two();
        printf("%s: %s\n", name, walk() ? "done" : "failed");
        (void)fflush(stdout);
        _exit(0);
    }
    MUST(status_of(child) == 0);
}

#define TRY_WALK(name) try_walk(#name, by_##name)

int main(int count, char **arguments)
{
    limit_descriptors(arguments[count - 1]);
    MUST(mkdir(folder, 0700) == 0 && mkdir("folder/inner", 0700) == 0);
    TRY_WALK(scandir);
    TRY_WALK(ftw);
    TRY_WALK(nftw);
    TRY_WALK(fts);
    TRY_WALK(glob);
    TRY_WALK(wordexp);
    TRY_WALK(popen);
    return 0;
}
