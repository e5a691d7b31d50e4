/* The two ways to keep an open file: as a Holdfast handle, or as a raw descriptor.  Everything else
 * in the demonstration is the same for both. */
#ifndef DEMONSTRATION_ACCESS_H
#define DEMONSTRATION_ACCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tally.h"

/* What a user of an open file keeps and passes on: a handle's bits, or a descriptor. */
typedef uint64_t access_name;

typedef struct access_way {
    const char *title;

    /* False: could not be opened. */
    bool (*open)(const char *path, access_name *out);

    /* `again`: the caller makes the mistake of closing what was closed before. */
    void (*close)(access_name name, bool again, tally *counts);

    /* Answers how much was read; negative: nothing, for it was refused or failed. */
    ssize_t (*read)(access_name name, void *buffer, size_t size, off_t offset, tally *counts);
} access_way;

extern const access_way access_guarded;
extern const access_way access_raw;

/* Makes the Holdfast table that access_guarded uses.  False: told why on standard error. */
bool guarded_begin(uint64_t seed);

/* Shuts the table down.  Answers how many findings it made; UINT64_MAX if it was not at rest, told
 * on standard error. */
uint64_t guarded_end(void);

/* One of its reports in full, "" if there was none.  Static storage. */
const char *guarded_report(void);

#endif
