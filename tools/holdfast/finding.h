/* A finding as the tool shows it: what the trace says, with the names of its frames.  Everything
 * that is made of findings (text, JSON, JUnit, suppressions, expectations) reads only this. */
#ifndef TOOL_FINDING_H
#define TOOL_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include <holdfast/report.h>

#include "code.h"
#include "symbols.h"

typedef struct finding_frame {
    uint64_t address;           /* of the call: the return address less 1 */
    const char *module;         /* its path, "" if it is unknown */
    uint64_t offset;            /* in the module */
    const symbols_place *place; /* its names; never NULL */
} finding_frame;

/* Frames of holdfast's own are left out. */
typedef struct finding_moment {
    uint64_t thread; /* 0: not recorded */
    char thread_name[HF_TRACE_THREAD_NAME_BYTES + 1];
    finding_frame *frames;
    uint32_t count;
} finding_moment;

typedef struct finding_party {
    uint64_t handle; /* 0: there is no such party */
    uint64_t value;
    const char *type;  /* "descriptor", "stream", "directory"; "" if unknown */
    const char *label; /* what it was: a path, an address; "" if unknown */
    finding_moment opened;
    finding_moment closed;
} finding_party;

typedef struct finding {
    hf_report_kind kind;
    uint32_t process;
    uint32_t handles; /* how many it stands for (leak) */
    int32_t error;
    bool in_tool; /* by `holdfast run`; else by a program that uses the library itself */
    const char *operation;
    const char *table;
    finding_moment now;
    finding_party subject;
    finding_party other;
    const char *other_role;
    finding_moment holder; /* close-during-use */
    const char *holder_operation;
} finding;

/* A frame with its names; it lasts as long as both. */
finding_frame finding_frame_of(const hf_code_place *at, symbols *names);

/* Made from a FINDING record; valid as long as the modules and names are there.  NULL: no memory.
 */
finding *finding_create(const hf_reader_record *record, const hf_code *code, symbols *names);
void finding_destroy(finding *of);

/* The stack that a finding stands for: of the wrong call, or of the opener. */
const finding_moment *finding_blamed(const finding *of);

#endif
