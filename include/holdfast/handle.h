/* Handles: what callers keep and pass instead of a raw value.
 *
 *     int fd = open(path, O_RDONLY);      // a plain int: after close(fd) the same number may be
 *     close(fd);                          // somebody else's file, and nothing notices
 *     read(fd, buffer, size);
 *
 * A handle is 64 opaque bits.  It names one life of one slot of one table; no handle value is
 * issued twice in a table's life, so a stale handle never becomes somebody else's.  Handles may be
 * copied, compared, hashed and sent to other threads freely.  A handle is never 0 and never even:
 * neither a zeroed field nor an aligned pointer is ever taken for one.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_HANDLE_H
#define HOLDFAST_HANDLE_H

#include <holdfast/base.h>

typedef struct hf_handle {
    uint64_t bits;
} hf_handle;

/* A native value: an fd, a HANDLE, a pointer. */
typedef uintptr_t hf_value;

/* The handle that is no handle.  A zeroed struct is one too. */
#ifdef __cplusplus
#define HF_NULL_HANDLE (hf_handle{0})
#else
#define HF_NULL_HANDLE ((hf_handle){0})
#endif

HF_BEGIN_DECLS

HF_API inline bool hf_handle_is_null(hf_handle handle)
{
    return handle.bits == 0;
}

HF_API inline bool hf_handle_equal(hf_handle left, hf_handle right)
{
    return left.bits == right.bits;
}

HF_END_DECLS

/* HF_DEFINE_HANDLE(file_handle) makes `file_handle` a type of its own, which the compiler does not
 * mix with other handle types, with two conversions:
 *
 *     file_handle file_handle_from(hf_handle handle);   // give a handle its type
 *     file.handle                                       // take it off again
 */
#define HF_DEFINE_HANDLE(name)                       \
    typedef struct name {                            \
        hf_handle handle;                            \
    } name;                                          \
    static inline name name##_from(hf_handle handle) \
    {                                                \
        name result_;                                \
        result_.handle = handle;                     \
        return result_;                              \
    }                                                \
    HF_STATIC_ASSERT(sizeof(name) == sizeof(hf_handle), #name " must be a handle and no more")

#endif
