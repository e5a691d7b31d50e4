/* Statuses: what a Holdfast function answers.
 *
 * A failed operation changes nothing.  Where several causes hold at once, the answer is the first
 * of them in the order of this list: that order is the documented precedence.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_STATUS_H
#define HOLDFAST_STATUS_H

#include <holdfast/base.h>

/* X(name, number, text) */
#define HF_STATUSES(X)                                                                 \
    X(HF_OK, 0, "success")                                                             \
    X(HF_E_INVALID_ARGUMENT, 1, "an argument is null or out of its range")             \
    X(HF_E_EXITING, 2, "the process is exiting: nothing was done")                     \
    X(HF_E_NULL_HANDLE, 3, "the handle is null: it was never opened")                  \
    X(HF_E_FOREIGN_HANDLE, 4, "the handle belongs to another table")                   \
    X(HF_E_FORGED_HANDLE, 5, "no table ever issued this handle")                       \
    X(HF_E_STALE_HANDLE, 6, "the handle was closed before")                            \
    X(HF_E_NOT_COMMITTED, 7, "the handle is reserved, but no value was committed yet") \
    X(HF_E_WRONG_TYPE, 8, "the handle is of another type")                             \
    X(HF_E_CLOSING, 9, "close was asked for already")                                  \
    X(HF_E_TOO_MANY_REFERENCES, 10, "the reference count is at its limit")             \
    X(HF_E_TOO_MANY_TYPES, 11, "the table holds as many types as it can")              \
    X(HF_E_TABLE_FULL, 12, "every slot of the table is in use or retired")             \
    X(HF_E_NO_MEMORY, 13, "out of memory")                                             \
    X(HF_E_NO_ADDRESS_SPACE, 14, "the address space for the table cannot be reserved") \
    X(HF_E_TOO_MANY_TABLES, 15, "the process holds as many tables as it can")          \
    X(HF_E_BUSY, 16, "a region, a reference or a child still holds the handle")        \
    X(HF_E_POSSIBLE_DEADLOCK, 17, "the wait would never end: refused")                 \
    X(HF_E_TIMED_OUT, 18, "the time-out passed first")                                 \
    X(HF_E_NOT_SUPPORTED, 19, "the type has no function for this operation")           \
    X(HF_E_OVER_RELEASE, 20, "the region or reference has ended before")               \
    X(HF_E_SYSTEM, 21, "the operating system refused; see errno")

typedef enum hf_status {
#define HF_STATUS_ENUMERATOR_(name, number, text) name = number,
    HF_STATUSES(HF_STATUS_ENUMERATOR_)
#undef HF_STATUS_ENUMERATOR_
        HF_STATUS_COUNT
} hf_status;

HF_STATIC_ASSERT(sizeof(hf_status) == 4, "bindings rely on 32-bit statuses");

HF_BEGIN_DECLS

/* The text of a status, or "unknown status" for a number that is none.  Static storage.  Any
 * thread, signal handlers and callbacks included; never blocks. */
HF_API const char *hf_status_text(hf_status status);

/* The name of a status ("HF_E_STALE_HANDLE").  As hf_status_text. */
HF_API const char *hf_status_name(hf_status status);

HF_END_DECLS

#endif
