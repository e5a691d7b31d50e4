/* Values other than descriptors: streams, directories, mappings, shared objects.  Each knows what
 * its release will answer, and can tell afterwards whether it was released, once. */
#ifndef POSIX_THINGS_H
#define POSIX_THINGS_H

#include <holdfast/posix.h>

typedef enum stream_plan {
    STREAM_QUIET,      /* a stream of the harness's own, with nothing to be written */
    STREAM_PENDING,    /* with something, */
    STREAM_UNWRITABLE, /* which cannot be: EIO */
    STREAM_SULKY,      /* its close fails without a reason */
    STREAM_FULL,       /* /dev/full: ENOSPC */
    STREAM_FILE,       /* on a descriptor */
    STREAM_PLANS
} stream_plan;

typedef struct thing {
    int fd; /* beneath; -1: none */
    int cookie;
    stream_plan plan;
    void *address;
    size_t length;
} thing;

/* Once, before the first input. */
void things_prepare(void);

void things_start(void);

/* Makes one; false: the system refuses. */
hf_value things_open_stream(unsigned choice, thing *out);
hf_value things_open_directory(thing *out);
hf_value things_open_object(void);
void things_map(unsigned choice, thing *out);

/* What release will answer, and what it leaves behind.  Called once, before it. */
hf_outcome things_release_stream(thing *which, int32_t *error);
hf_outcome things_release_directory(thing *which, int32_t *error);
hf_outcome things_release_mapping(thing *which, int32_t *error);
hf_outcome things_release_object(void);

/* Closes the descriptor beneath. */
void things_close_beneath(const thing *which);

/* After each step. */
void things_check(void);

/* Gives back what the library refused to. */
void things_end(void);

/* hf_type_stream.release_at_exit, as it answers for this plan, with the stream locked by another
 * thread or not. */
void things_try_exit(unsigned choice, bool locked);

#endif
