/* Directories whose entries are this process's descriptors: /proc/self/fd and its other names.
 * Tombstones and what is holdfast's own are left out of them, and paths that name such a one lead
 * nowhere. */
#ifndef RUN_LISTINGS_H
#define RUN_LISTINGS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether a path may lead to such a directory: by its last component. */
bool run_listing_is_likely(const char *path);

/* Whether an open directory is such a one; whether a path leads to one.  Keeps errno. */
bool run_listing_is(int descriptor);
bool run_listing_is_at(int directory, const char *path);

/* Whether the entry of that name is to be hidden. */
bool run_listing_hides(const char *name);

/* The same where nothing is known of the folder: `length` bytes of a path; 0: the current one. Asks
 * the system only if a descriptor of that name is hidden.  Keeps errno. */
bool run_listing_hides_in(const char *path, size_t length, const char *name);

/* Whether a path that the system has read names a hidden one, by one of the usual names, or leads
 * beyond it. */
bool run_path_is_hidden(const char *path);

/* Whether a readable path may be one, at a look at its first letters. */
static inline bool run_path_may_be_hidden(const char *path)
{
    if (path[0] != '/' || (path[1] != 'p' && path[1] != 'd'))
        return false;
    return path[1] == 'p' ? path[2] == 'r' && path[3] == 'o'
                          : path[2] == 'e' && path[3] == 'v' && path[4] == '/' &&
                                (path[5] == 'f' || path[5] == '/');
}

/* For a call with a path that has answered `result`, -1 with errno: what it would have answered
 * where nothing is hidden.  That is to be undone where the answer is another.  It costs a look at a
 * letter or two for nearly all paths, which are readable then: the system has read them. */
static inline long run_answer_of_path(long result, const char *path)
{
    bool was_read = __builtin_expect(result >= 0, 1) || errno == EISDIR || errno == ELOOP;
    if (__builtin_expect(!was_read || !run_path_may_be_hidden(path), 1) ||
        !run_path_is_hidden(path))
        return result;
    errno = ENOENT;
    return -1;
}

/* The same for what answers a descriptor, which is closed where the answer is another. */
int run_nowhere(int opened);
static inline int run_opened_of_path(int opened, const char *path)
{
    int answer = (int)run_answer_of_path(opened, path);
    return __builtin_expect(answer != opened, 0) ? run_nowhere(opened) : answer;
}

/* Takes hidden entries out of what getdents64 answered, `size` bytes; answers what is left. */
size_t run_listing_filter(void *entries, size_t size);

/* Whether there is anything to hide in what this descriptor lists: asked before getdents64's answer
 * is filtered.  Cheap for directories whose path is known to be another. */
bool run_listing_wants_filter(int descriptor);

#endif
