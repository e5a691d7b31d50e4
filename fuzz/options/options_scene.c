#include "options_scene.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

static char path[PATH_MAX]; /* "" until the first scene */
static int inside = -1;     /* the directory, */
static int outside = -1;    /* the caller's, */
static int told = -1;       /* what stands for standard error, */
static int standard_error = -1;
static bool begun;

/* A sanitizer that finds an error inside must be able to say so; the engine then saves the input
 * where it was told to. */
void __asan_set_error_report_callback(void (*callback)(const char *text)) __attribute__((weak));
void __sanitizer_set_report_fd(void *fd) __attribute__((weak));

static void on_error(const char *text)
{
    (void)text;
    scene_end();
}

static void check(bool good, const char *what)
{
    if (!good) {
        scene_end();
        perror(what);
        exit(2);
    }
}

static void remove_directory(void)
{
    (void)rmdir(path);
}

static void make(void)
{
    char name[] = "/tmp/holdfast-options-XXXXXX";
    check(mkdtemp(name) != NULL && realpath(name, path) != NULL, "mkdtemp");
    (void)atexit(remove_directory);
    inside = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    outside = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    told = memfd_create("told", MFD_CLOEXEC);
    standard_error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    check(inside >= 0 && outside >= 0 && told >= 0 && standard_error >= 0, "scene");
    if (__asan_set_error_report_callback != NULL)
        __asan_set_error_report_callback(on_error);
    if (__sanitizer_set_report_fd != NULL)
        __sanitizer_set_report_fd((void *)(uintptr_t)standard_error);
}

const char *scene_path(void)
{
    if (path[0] == '\0')
        make();
    return path;
}

void scene_begin(void)
{
    (void)scene_path();
    check(ftruncate(told, 0) == 0 && lseek(told, 0, SEEK_SET) == 0, "standard error");
    check(fchdir(inside) == 0 && dup2(told, STDERR_FILENO) >= 0, "scene");
    begun = true;
}

static void empty(void)
{
    int copy = openat(inside, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(inside, entry->d_name, 0);
    if (directory != NULL)
        (void)closedir(directory);
}

void scene_end(void)
{
    if (!begun)
        return;
    begun = false;
    (void)dup2(standard_error, STDERR_FILENO);
    (void)!fchdir(outside);
    empty();
}

size_t scene_told(void)
{
    off_t length = lseek(told, 0, SEEK_END);
    return length > 0 ? (size_t)length : 0;
}

void scene_write(const char *name, const char *text, size_t length)
{
    int file = openat(inside, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    check(file >= 0 && write(file, text, length) == (ssize_t)length, name);
    (void)close(file);
}

size_t scene_size(const char *name)
{
    struct stat status;
    return fstatat(inside, name, &status, 0) == 0 ? (size_t)status.st_size : 0;
}

long scene_read(const char *name, char *text, size_t size)
{
    int file = openat(inside, name, O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, text, size) : -1;
    if (file >= 0)
        (void)close(file);
    return (long)length;
}
