/* The steps of closing, shared by hf_close, hf_close_many, hf_close_wait and the table's shutdown.
 */
#ifndef HF_CORE_CLOSE_H
#define HF_CORE_CLOSE_H

#include "core/refuse.h"
#include "core/release.h"

/* What the first step leaves to the later ones. */
typedef enum hf_closing {
    HF_CLOSING_NOTHING = 0,  /* refused, or done */
    HF_CLOSING_CLAIMED = 1,  /* nothing held it: finish it */
    HF_CLOSING_SETTLE = 2,   /* sealed already: look who holds it */
    HF_CLOSING_BARRIER = 4,  /* needs the barrier, and to be sealed */
    HF_CLOSING_HOLDING = 8,  /* (with the two before) the closer held a count of its own */
    HF_CLOSING_UNSEALED = 16 /* needs no barrier, but is to be sealed */
} hf_closing;

typedef struct hf_closer {
    hf_subject subject;
    unsigned left;      /* hf_closing */
    hf_completion then; /* for HF_CLOSE_THEN, with its context */
    void *context;
} hf_closer;

/* How to begin. */
enum {
    HF_CLOSE_CLAIMS = 1, /* may claim at once what nothing holds */
    HF_CLOSE_WAITS = 2,  /* the caller will do the releasing */
    HF_CLOSE_THEN = 4    /* with the completion that the closer brings along */
};

/* hf_close on behalf of the operation that was called at `site`. */
hf_status hf_close_at(hf_table *table, hf_handle handle, hf_close_result *result, hf_site site,
                      const char *operation);

/* For a trace: before the value is released, and may come back as another's. */
void hf_tell_closed(hf_handle handle, hf_trace closed, const char *operation);

/* First step: refuse new regions and references, pass the barrier if need be, write the completion,
 * seal, and note who closed.  Clears *result.  OK with nothing left: a reserved handle, abandoned.
 * The caller has a note of the handle, HF_NOTE_CLOSE or HF_NOTE_TABLE, until the last step is done.
 */
hf_status hf_close_begin(hf_table *table, hf_handle handle, unsigned how, hf_closer *closer,
                         hf_close_result *result, const hf_refusal *refusal);

/* The result of a close that does nothing; answers the status. */
static inline hf_status hf_close_nothing(hf_close_result *result, hf_status status)
{
    if (result != NULL)
        *result = (hf_close_result){.outcome = HF_OUTCOME_NONE};
    return status;
}

/* Second step: wake holders that block. */
void hf_close_unblock(const hf_closer *closer);

/* All steps for many handles with one barrier.  `results` may be NULL; at most HF_CLOSE_BATCH. */
enum { HF_CLOSE_BATCH = 4096 };
hf_status hf_close_batch(hf_table *table, const hf_handle *handles, size_t count,
                         hf_close_result *results, const hf_refusal *refusal);

#ifdef HF_FAULT_INJECTION
/* For tests: called between CLOSED and SEALED. */
extern void (*hf_close_unsealed)(const hf_closer *closer);
#endif

/* Last step for those who do not wait: release, or leave it to the last holder.  `view` may be
 * NULL: see hf_claim_in_view. */
void hf_close_end(const hf_closer *closer, const hf_view *view, hf_close_result *result,
                  hf_site site);

/* Counts a close that leaves the release to the last holder, and tells who they are. */
void hf_close_defer(const hf_subject *subject, hf_close_result *result);

#endif
