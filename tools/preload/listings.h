/* Directories whose entries are this process's descriptors: /proc/self/fd and its other names.
 * Tombstones and what is holdfast's own are left out of them. */
#ifndef RUN_LISTINGS_H
#define RUN_LISTINGS_H

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

/* Takes hidden entries out of what getdents64 answered, `size` bytes; answers what is left. */
size_t run_listing_filter(void *entries, size_t size);

/* Whether there is anything to hide in what this descriptor lists: asked before getdents64's answer
 * is filtered.  Cheap for directories whose path is known to be another. */
bool run_listing_wants_filter(int descriptor);

#endif
