/* Streams and directories: who own a descriptor, and are closed by their pointers.
 *
 *     run_owner_end end;
 *     if (!run_owner_ends(&end, stream, &run_type_stream, "fclose"))
 *         return EOF;                              // closed before: reported, errno is EBADF
 *     return run_owner_ended(&end, RUN_REAL(fclose)(stream));
 *
 * Where the descriptor was closed by somebody else meanwhile, this is where that is told.  Keeps
 * errno, unless it answers for the system.  No allocation, no lock. */
#ifndef RUN_OWNERS_H
#define RUN_OWNERS_H

#include <stdbool.h>

#include <holdfast/holdfast.h>

/* The pointer was opened and owns `descriptor`, which is tracked already if it is to be; -1: none.
 * `what` is copied; NULL: what the descriptor is. */
void run_owner_opened(const void *pointer, const hf_type *type, int descriptor,
                      const char *operation, const char *what);

/* The same for what was open before: nobody knows who opened it. */
void run_owner_adopted(const void *pointer, const hf_type *type, int descriptor, const char *what);

/* What an owner's end leaves to be done once the C library has closed it. */
typedef struct run_owner_end {
    int descriptor;     /* -1: none that we know */
    bool was_tombstone; /* the C library will close a tombstone instead of nothing */
} run_owner_end;

/* The pointer is about to be closed.  False: it was closed before, and must not be given to the C
 * library, which would corrupt its heap. */
bool run_owner_ends(run_owner_end *end, const void *pointer, const hf_type *type,
                    const char *operation);

/* It was closed; answers the result as it would be without this library. */
int run_owner_ended(const run_owner_end *end, int result);

/* The stream is about to get another descriptor (freopen); false: it is not known for open. */
bool run_owner_reopens(run_owner_end *end, const void *pointer, const char *operation);

/* It has got it, and is now what the descriptor is. */
void run_owner_reopened(const run_owner_end *end, const void *pointer, int descriptor);

/* That failed, which closes the stream: to close it afterwards is to close it twice. */
void run_owner_not_reopened(const run_owner_end *end, const void *pointer, const char *operation);

/* The pointer is unknown from now on. */
void run_owner_forget(const void *pointer);

/* Whether the pointer is open, was closed, as far as we know; neither: it is unknown. */
bool run_owner_is_open(const void *pointer);
bool run_owner_is_closed(const void *pointer);

/* For a raw close of the owner's descriptor that was reported: the owner's own close is silent. */
void run_owner_was_told(hf_handle owner);

#endif
