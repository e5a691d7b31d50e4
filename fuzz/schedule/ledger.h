/* What is known of every handle that was issued in a scene, and of the values: the checks. */
#ifndef FUZZ_LEDGER_H
#define FUZZ_LEDGER_H

#include "scene.h"

enum { LEDGER_ENTRIES = 96, LEDGER_VALUES = 2 * LEDGER_ENTRIES };

typedef struct entry {
    hf_handle handle;
    hf_value value; /* 0: not known, or none yet */
    hf_value above; /* that of its parent, which it holds; or 0 */
    bool member;    /* of the group */
    bool parent;
    bool loose;       /* may have been closed by somebody who does not tell */
    bool closed;      /* a close of it has returned */
    bool detached;    /* or somebody tried to */
    uint32_t closers; /* calls that have closed or detached it */
    uint32_t awaited; /* completions that are due */
} entry;

void ledger_begin(fake_world *world);

/* Whether another handle, and a value for it, can be had. */
bool ledger_has_room(void);

/* Enters a handle that was just issued: never one that was issued before. */
entry *ledger_add(hf_handle handle, hf_value value);

/* The entry of a handle. */
entry *ledger_find(hf_handle handle);
entry *ledger_at(size_t number);
size_t ledger_size(void);

/* A close or detach of it has succeeded: the only one. */
void ledger_close(entry *of);

/* A child holds its parent's value, until its own is released, or somebody
 * tries to detach it. */
void ledger_bind(entry *child, const entry *parent);
void ledger_unbind(entry *child);

/* Somebody may use the value now; or will not any more. */
void ledger_hold(hf_value value);
void ledger_unhold(hf_value value);
bool ledger_is_held(hf_value value);

/* Whether nobody has held it for so long.  (That nobody does now means little to one who has waited
 * in vain: holders whose own waits ended at the same time may have gone since.) */
bool ledger_was_idle(hf_value value, int64_t ns);

/* Uses a value that is held, with a step in the middle. */
void ledger_use(hf_value value);

/* The value must be released by now; 0 is allowed. */
void ledger_expect_gone(hf_value value);

/* Called by the release function. */
void ledger_release(const fake_value *value);

/* When all is closed: everything was released, once. */
void ledger_end(void);

#endif
