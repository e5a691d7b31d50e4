/* Directories: opendir, fdopendir, closedir; and reading those that list descriptors. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/types.h>

#include "listings.h"
#include "numbers.h"
#include "opening.h"
#include "owners.h"
#include "pointers.h"
#include "real.h"
#include "room.h"
#include "uses.h"

/* ---- opening and closing -------------------------------------------------------------------- */

/* How many directories that list descriptors are open; while there are none, readdir looks nothing
 * up.  Those whose closing went unseen stay counted, which costs only time. */
static uint32_t listings;

static void mark_listing(const DIR *directory, int descriptor)
{
    run_pointer_view view;
    if (!run_listing_is(descriptor) || !run_pointer_look_up(directory, &view))
        return;
    __atomic_store_n(&view.cell->lists_descriptors, true, __ATOMIC_RELAXED);
    (void)__atomic_fetch_add(&listings, 1, __ATOMIC_RELAXED);
}

static bool lists_descriptors(const DIR *directory)
{
    run_pointer_view view;
    return __atomic_load_n(&listings, __ATOMIC_RELAXED) != 0 &&
           run_pointer_look_up(directory, &view) && view.lists_descriptors;
}

RUN_WRAP(DIR *, fdopendir, (int descriptor))
{
    run_use use;
    if (!run_use_begin(&use, descriptor, "fdopendir"))
        return NULL;
    DIR *directory = RUN_REAL(fdopendir)(descriptor);
    run_use_end(&use, directory == NULL);
    if (directory == NULL || !run_is_on())
        return directory;
    run_owner_opened(directory, &run_type_directory, descriptor, "fdopendir", NULL);
    const char *what = run_what_of(descriptor);
    if (*what == 0 || run_listing_is_likely(what))
        mark_listing(directory, descriptor);
    return directory;
}

RUN_WRAP(int, closedir, (DIR * directory))
{
    run_owner_end end = {.descriptor = -1};
    if (!run_is_on())
        return RUN_REAL(closedir)(directory);
    run_series_break();
    run_self.last_closed = -1;
    if (lists_descriptors(directory) && run_owner_is_open(directory))
        (void)__atomic_fetch_sub(&listings, 1, __ATOMIC_RELAXED);
    if (!run_owner_ends(&end, directory, &run_type_directory, "closedir"))
        return -1;
    return run_owner_ended(&end, RUN_REAL(closedir)(directory));
}

RUN_WRAP(DIR *, opendir, (const char *path))
{
    unsigned tries = 0;
    DIR *directory = RUN_REAL(opendir)(path);
    if (!run_is_on())
        return directory;
    while (directory == NULL && run_try_again(&tries))
        directory = RUN_REAL(opendir)(path);
    if (directory == NULL)
        return NULL;
    if (run_answer_of_path(0, path) < 0) {
        (void)RUN_REAL(closedir)(directory);
        errno = ENOENT;
        return NULL;
    }
    int descriptor = dirfd(directory);
    run_opened_path(descriptor, "opendir", path);
    run_owner_opened(directory, &run_type_directory, descriptor, "opendir", NULL);
    if (run_listing_is_likely(path))
        mark_listing(directory, descriptor);
    return directory;
}

/* ---- reading -------------------------------------------------------------------------------- */

#define WRAP_READDIR(name, entry)                                   \
    RUN_WRAP(struct entry *, name, (DIR * directory))               \
    {                                                               \
        struct entry *next = RUN_REAL(name)(directory);             \
        if (next != NULL && lists_descriptors(directory))           \
            while (next != NULL && run_listing_hides(next->d_name)) \
                next = RUN_REAL(name)(directory);                   \
        return next;                                                \
    }
WRAP_READDIR(readdir, dirent)
WRAP_READDIR(readdir64, dirent64)

#define WRAP_READDIR_R(name, entry)                                                   \
    RUN_WRAP(int, name, (DIR * directory, struct entry * into, struct entry * *next)) \
    {                                                                                 \
        int error = RUN_REAL(name)(directory, into, next);                            \
        if (error == 0 && *next != NULL && lists_descriptors(directory))              \
            while (error == 0 && *next != NULL && run_listing_hides((*next)->d_name)) \
                error = RUN_REAL(name)(directory, into, next);                        \
        return error;                                                                 \
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
WRAP_READDIR_R(readdir_r, dirent)
WRAP_READDIR_R(readdir64_r, dirent64)
#pragma GCC diagnostic pop

/* What is left of an answer may be nothing, which would say that the directory has ended. */
static ssize_t read_listing(int descriptor, void *buffer, size_t size,
                            ssize_t (*real)(int, void *, size_t))
{
    ssize_t count;
    size_t kept = 0;
    while (kept == 0 && (count = real(descriptor, buffer, size)) > 0)
        kept = run_listing_filter(buffer, (size_t)count);
    return kept > 0 ? (ssize_t)kept : count;
}

RUN_WRAP(ssize_t, getdents64, (int descriptor, void *buffer, size_t size))
{
    run_use use;
    if (!run_use_begin(&use, descriptor, "getdents64"))
        return -1;
    bool filters = run_is_on() && run_listing_wants_filter(descriptor);
    ssize_t count = filters ? read_listing(descriptor, buffer, size, RUN_REAL(getdents64))
                            : RUN_REAL(getdents64)(descriptor, buffer, size);
    run_use_end(&use, count < 0);
    return count;
}

/* ---- scandir -------------------------------------------------------------------------------- */

/* The selectors of the calls that this thread is inside of: scandir hands nothing on to them. */
#define WRAP_SCANDIR(name, entry, is_listing, parameters, arguments_with)                      \
    static __thread int (*name##_select)(const struct entry *)                                 \
        __attribute__((tls_model("initial-exec")));                                            \
    static int name##_visible(const struct entry *of)                                          \
    {                                                                                          \
        return !run_listing_hides(of->d_name) && (name##_select == NULL || name##_select(of)); \
    }                                                                                          \
    RUN_WRAP(int, name, parameters)                                                            \
    {                                                                                          \
        run_make_room_for(1);                                                                  \
        if (!run_is_on() || !(is_listing))                                                     \
            return RUN_REAL(name) arguments_with(select);                                      \
        int (*outer)(const struct entry *) = name##_select;                                    \
        name##_select = select;                                                                \
        int count = RUN_REAL(name) arguments_with(name##_visible);                             \
        name##_select = outer;                                                                 \
        return count;                                                                          \
    }
#define IN_PATH(select) (path, list, select, compare)
#define WRAP_SCANDIR_PATH(name, entry)                                                         \
    WRAP_SCANDIR(name, entry, run_listing_is_at(AT_FDCWD, path),                               \
                 (const char *path, struct entry ***list, int (*select)(const struct entry *), \
                  int (*compare)(const struct entry **, const struct entry **)),               \
                 IN_PATH)
WRAP_SCANDIR_PATH(scandir, dirent)
WRAP_SCANDIR_PATH(scandir64, dirent64)

#define IN_DIRECTORY(select) (directory, path, list, select, compare)
#define WRAP_SCANDIR_AT(name, entry)                                             \
    WRAP_SCANDIR(name, entry, run_listing_is_at(directory, path),                \
                 (int directory, const char *path, struct entry ***list,         \
                  int (*select)(const struct entry *),                           \
                  int (*compare)(const struct entry **, const struct entry **)), \
                 IN_DIRECTORY)
WRAP_SCANDIR_AT(scandirat, dirent)
WRAP_SCANDIR_AT(scandirat64, dirent64)
