/* Ready-made types for POSIX: descriptors, sockets, streams, directories, processes, mappings,
 * shared objects; and mutexes that are seen when a deadlock is looked for.
 *
 *     hf_handle file;
 *     int fd = open(path, O_RDONLY | O_CLOEXEC);
 *     if (hf_open(table, &hf_type_fd, hf_fd_value(fd), NULL, &file) != HF_OK)
 *         close(fd);              // on failure the caller still owns the value
 *
 * fd, socket and pidfd share one namespace, hf_namespace_fd.  At release the identity of a
 * descriptor (device, inode, kind) is compared with that at open: where the number was closed
 * behind the table's back, and all the more where it belongs to somebody else by now, it is *not*
 * closed, and a foreign-close report says whose it is, if that is known.  What identity cannot see:
 * a number that was closed and then opened on the very same file, or on a new file that was given
 * the inode number of a deleted one; two anonymous inodes (eventfd, epoll, on Linux also pidfd
 * before 6.9), which share one identity.
 *
 * POSIX close is never retried on EINTR: the descriptor is gone, and the result is
 * RELEASED_WITH_ERROR.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_POSIX_H
#define HOLDFAST_POSIX_H

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>

#include <holdfast/lifetime.h>

HF_BEGIN_DECLS

HF_API extern hf_namespace hf_namespace_fd;     /* descriptors: fd, socket, pidfd */
HF_API extern hf_namespace hf_namespace_stream; /* FILE * */
HF_API extern hf_namespace hf_namespace_dir;    /* DIR * */

HF_API extern const hf_type hf_type_fd;     /* close; dup (close-on-exec, never 0 to 2) */
HF_API extern const hf_type hf_type_socket; /* close; dup; unblock by shutdown(SHUT_RDWR), which
                                               wakes accept, connect, recv, read and send, and
                                               ends the connection for duplicates as well */
HF_API extern const hf_type hf_type_pidfd;  /* close; dup */
HF_API extern const hf_type hf_type_stream; /* fclose; an error while flushing reaches the closer as
                                               RELEASED_WITH_ERROR; the FILE is gone in any case.
                                               Flushed, not closed, when the process exits, if
                                               nobody has locked it */
HF_API extern const hf_type hf_type_dir;    /* closedir; the DIR is gone in any case */
HF_API extern const hf_type hf_type_mapping; /* munmap; see hf_mapping_open */
HF_API extern const hf_type hf_type_dl;      /* dlclose.  In no namespace: an object opened twice is
                                                one value, and both owners are right.  A failure has
                                                no errno, the result's error is 0: ask dlerror */

/* Conversions between a raw value and hf_value. */
HF_API inline hf_value hf_fd_value(int fd)
{
    return (hf_value)(intptr_t)fd;
}

HF_API inline int hf_value_fd(hf_value value)
{
    return (int)(intptr_t)value;
}

HF_API inline hf_value hf_stream_value(FILE *stream)
{
    return (hf_value)stream;
}

HF_API inline FILE *hf_value_stream(hf_value value)
{
    return (FILE *)value;
}

HF_API inline hf_value hf_dir_value(DIR *dir)
{
    return (hf_value)dir;
}

HF_API inline DIR *hf_value_dir(hf_value value)
{
    return (DIR *)value;
}

/* A memory mapping.  The value of a hf_type_mapping handle points to one. */
typedef struct hf_mapping {
    void *address;
    size_t length; /* bytes */
} hf_mapping;

HF_API inline const hf_mapping *hf_value_mapping(hf_value value)
{
    return (const hf_mapping *)value;
}

/* Opens a handle of hf_type_mapping for what mmap returned.  On success the table owns the mapping,
 * on failure the caller.  Do not use hf_open for it: the hf_mapping is the library's, and hf_detach
 * hands it to the caller, who frees it with hf_mapping_free.  To borrow a mapping, give hf_open the
 * value of the handle that owns it, which should be the parent.
 * Any thread; allocates.  Errors: INVALID_ARGUMENT (null or MAP_FAILED, length 0, borrowed), as
 * hf_open. */
HF_NODISCARD HF_API hf_status hf_mapping_open(hf_table *table, void *address, size_t length,
                                              const hf_open_options *options, hf_handle *out);

/* Frees the hf_mapping of a detached handle, not the mapping itself.  `mapping` may be NULL. */
HF_API void hf_mapping_free(const hf_mapping *mapping);

/* Mutexes that take part in the search for deadlocks: see <holdfast/lock.h>.  The mutex is and
 * stays the caller's, of any kind; it may also be used with the functions of pthread, but what is
 * locked so is not seen.  Any thread.  errno is preserved.  With pthread_cond_wait nothing is to be
 * told: the thread counts as the owner meanwhile, but not as waiting. */

/* Locks.  Blocks like pthread_mutex_lock, but not if that would never end: EDEADLK (reported as
 * possible-deadlock), and the mutex is not locked.  Otherwise what pthread_mutex_lock answers: 0,
 * EOWNERDEAD (locked), EINVAL (also for null), ...  Takes no other lock; searches only if the mutex
 * is locked by somebody. */
HF_NODISCARD HF_API int hf_mutex_lock(pthread_mutex_t *mutex);

/* Locks if that needs no waiting: 0, EBUSY, or what pthread_mutex_trylock answers. */
HF_NODISCARD HF_API int hf_mutex_trylock(pthread_mutex_t *mutex);

/* Unlocks, on the thread that locked: 0, or what pthread_mutex_unlock answers. */
HF_API int hf_mutex_unlock(pthread_mutex_t *mutex);

HF_END_DECLS

#endif
