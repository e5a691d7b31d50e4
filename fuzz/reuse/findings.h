/* What is to be reported, and what was: exactly that, in that order, and nothing else. */
#ifndef FUZZ_REUSE_FINDINGS_H
#define FUZZ_REUSE_FINDINGS_H

#include "sites.h"

#include <holdfast/holdfast.h>

enum { FINDING_OTHERS = 16 };

/* A moment of a handle's life as a report should tell of it. */
typedef struct recorded {
    bool known;
    bool inside; /* the library itself made the call: hf_dispatch, when it leaves */
    moment at;
} recorded;

typedef struct finding_party {
    hf_handle handle; /* null: there is none */
    hf_value value;
    const char *type_name;
    const char *label;
    recorded opened;
    recorded closed;
} finding_party;

typedef struct finding {
    hf_report_kind kind;
    const char *operation;
    const char *table;
    const char *issuer;
    recorded now;
    finding_party subject;
    finding_party others[FINDING_OTHERS]; /* any of these */
    unsigned other_count;
    int32_t error;
    uint32_t group_count;
} finding;

/* Sets the report hook; once in a process. */
void findings_start(void);

/* The next finding to be expected, to be filled. */
finding *findings_expect(hf_report_kind kind, const char *operation, moment now);

/* Compares what was reported since the last time with what was expected. */
void findings_check(void);

#endif
