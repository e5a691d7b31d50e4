/* The library's calls as functions of one argument, which a site can make. */
#ifndef FUZZ_REUSE_CALLS_H
#define FUZZ_REUSE_CALLS_H

#include "sites.h"

#include <holdfast/holdfast.h>

enum { CALL_MANY = 3 };

/* Arguments and answers. */
typedef struct call {
    hf_table *table;
    hf_table *to;
    const hf_type *type;
    hf_handle handle;
    hf_value value;
    hf_open_options options;
    const hf_handle *many;
    hf_region *region;
    hf_ref *ref;
    hf_callback_function callback;
    void *argument; /* of the callback, or of the completion */
    hf_completion then;
    hf_timeout timeout;
    hf_status status;
    hf_close_result result;
    hf_close_result results[CALL_MANY];
    hf_handle out;
} call;

#define CALLS(X)  \
    X(open)       \
    X(reserve)    \
    X(commit)     \
    X(enter)      \
    X(leave)      \
    X(addref)     \
    X(release)    \
    X(detach)     \
    X(dispatch)   \
    X(duplicate)  \
    X(close)      \
    X(close_many) \
    X(close_then) \
    X(close_wait) \
    X(shutdown)   \
    X(destroy)

#define CALL_DECLARE(name) void call_##name(void *call);
CALLS(CALL_DECLARE)

#endif
