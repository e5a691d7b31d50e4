/* A path that names a closed descriptor leads nowhere, by whichever function and name; one that
 * names an open one leads to its file.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 --
 * run: --quarantine=1 -- */
#include "program.h"
#include <limits.h>

static const char *const forms[] = {"/proc/self/fd/%d",        "/dev/fd/%d",
                                    "/proc/thread-self/fd/%d", "/proc/self/task/%2$d/fd/%1$d",
                                    "/proc/%2$d/fd/%1$d",      "/dev//fd/%d"};
enum { FORMS = sizeof forms / sizeof forms[0] };

static bool is_nowhere(long result)
{
    return result == -1 && errno == ENOENT;
}

static void open_nowhere(const char *path)
{
    MUST(is_nowhere(open(path, O_RDONLY)) && is_nowhere(open(path, O_RDWR)));
    MUST(is_nowhere(open(path, O_WRONLY | O_TRUNC)) && is_nowhere(open(path, O_PATH)));
    MUST(is_nowhere(open(path, O_RDONLY | O_NOFOLLOW)));
    MUST(is_nowhere(open(path, O_PATH | O_NOFOLLOW)));
    MUST(is_nowhere(openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY)));
    MUST(fopen(path, "r") == NULL && errno == ENOENT && fopen(path, "w") == NULL &&
         errno == ENOENT);
    MUST(opendir(path) == NULL && errno == ENOENT);
}

static void look_nowhere(const char *path)
{
    struct stat status;
    struct statx more;
    char text[PATH_MAX];
    MUST(is_nowhere(stat(path, &status)) && is_nowhere(lstat(path, &status)));
    MUST(is_nowhere(fstatat(AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW)));
    MUST(is_nowhere(statx(AT_FDCWD, path, 0, STATX_TYPE, &more)));
    MUST(is_nowhere(access(path, F_OK)) && is_nowhere(faccessat(AT_FDCWD, path, R_OK, 0)));
    MUST(realpath(path, text) == NULL && errno == ENOENT);
    MUST(realpath(path, NULL) == NULL && errno == ENOENT);
}

static void read_nowhere(const char *path)
{
    char text[PATH_MAX];
    MUST(is_nowhere(readlink(path, text, sizeof text)));
    MUST(is_nowhere(readlinkat(AT_FDCWD, path, text, sizeof text)));
}

static void look_at_open(const char *path)
{
    struct stat status;
    char text[PATH_MAX] = "";
    MUST(stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, R_OK) == 0);
    MUST(readlink(path, text, sizeof text) == 10 && strcmp(text, "/etc/group") == 0);
    MUST(realpath(path, text) == text && strcmp(text, "/etc/group") == 0);
    int again = open(path, O_RDONLY);
    MUST(again >= 0 && close(again) == 0);
}

static void try_form(const char *form, int closed, int opened)
{
    char path[64];
    char below[80];
    (void)snprintf(path, sizeof path, form, closed, (int)getpid());
    (void)snprintf(below, sizeof below, "%s/etc", path);
    open_nowhere(path);
    look_nowhere(path);
    read_nowhere(path);
    open_nowhere(below);
    look_nowhere(below);
    (void)snprintf(path, sizeof path, form, opened, (int)getpid());
    look_at_open(path);
}

int main(void)
{
    int opened = open("/etc/group", O_RDONLY);
    int closed = open("/etc/hostname", O_RDONLY);
    struct stat status;
    struct statx more;
    const char *volatile none = NULL;
    MUST(dup2(closed, 60) == 60 && close(60) == 0);
    for (unsigned i = 0; i < FORMS; i++)
        try_form(forms[i], 60, opened);
    MUST(stat((char *)8, &status) == -1 && errno == EFAULT && open((char *)8, O_RDONLY) == -1);
    MUST(statx(opened, none, AT_EMPTY_PATH, STATX_TYPE, &more) == 0 || errno == EFAULT);
    MUST(stat("", &status) == -1 && stat("/proc/self/fd", &status) == 0);
    return 0;
}
