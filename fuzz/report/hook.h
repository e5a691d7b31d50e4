/* The report hook of an input, and what it does inside. */
#ifndef REPORT_HOOK_H
#define REPORT_HOOK_H

#include <holdfast/holdfast.h>

typedef enum hook_kind {
    HOOK_NONE,
    HOOK_HANDLES, /* answers true */
    HOOK_PASSES,  /* answers false */
    HOOK_FINDS,   /* makes a finding of its own */
    HOOK_WORKS,   /* opens and closes a handle, and writes the report itself */
    HOOK_STARVES, /* answers false, and the writer finds no memory */
    HOOK_KINDS
} hook_kind;

/* The table in which the hook works, and a handle that is closed. */
void hook_start(hf_table *table, hf_handle stale, const hf_type *type);
void hook_set(hook_kind kind);

/* How often it was called since the last time. */
unsigned hook_count(void);

/* Adds how often it will be called for one finding with this policy, and how many reports will be
 * written. */
void hook_foresee(hf_policy policy, unsigned *calls, unsigned *written);

#endif
