/* Records are checked here, each by the description of its kind. */
#include "trace_record.h"

#include <string.h>

#include <holdfast/report.h>

typedef struct description {
    size_t fixed; /* bytes of the struct; 0: no such kind */
    unsigned texts;
} description;

static const description descriptions[HF_TRACE_RECORD_KIND_COUNT] = {
    [HF_TRACE_PROCESS] = {sizeof(hf_trace_process), 2},
    [HF_TRACE_MODULE] = {sizeof(hf_trace_module), 1},
    [HF_TRACE_UNLOAD] = {sizeof(hf_trace_unload), 0},
    [HF_TRACE_THREAD] = {sizeof(hf_trace_thread), 0},
    [HF_TRACE_STACK] = {sizeof(hf_trace_stack), 0},
    [HF_TRACE_OPEN] = {sizeof(hf_trace_open), 3},
    [HF_TRACE_CLOSE] = {sizeof(hf_trace_close), 1},
    [HF_TRACE_NOTE] = {sizeof(hf_trace_note), 1},
    [HF_TRACE_FINDING] = {sizeof(hf_trace_finding), HF_READER_TEXTS},
    [HF_TRACE_EXIT] = {sizeof(hf_trace_exit), 0},
};

/* What is left of a record behind what was taken. */
typedef struct rest {
    char *at;
    uint64_t left;
} rest;

static bool take_frames(rest *from, uint64_t count, const uint64_t **frames)
{
    if (count > from->left / sizeof(uint64_t))
        return false;
    *frames = (const uint64_t *)(const void *)from->at;
    from->at += count * sizeof(uint64_t);
    from->left -= count * sizeof(uint64_t);
    return true;
}

static bool take_text(rest *from, const char **text)
{
    char *end = memchr(from->at, '\0', (size_t)from->left);
    if (end == NULL)
        return false;
    *text = from->at;
    from->left -= (uint64_t)(end + 1 - from->at);
    from->at = end + 1;
    return true;
}

static bool take_finding(hf_trace_finding *finding, rest *from, hf_reader_record *out)
{
    if (finding->kind >= HF_REPORT_KIND_COUNT || finding->state > HF_TRACE_WITHDRAWN)
        return false;
    for (unsigned i = 0; i < HF_TRACE_MOMENTS; i++) {
        finding->moments[i].name[HF_TRACE_THREAD_NAME_BYTES - 1] = '\0';
        if (!take_frames(from, finding->moments[i].frames, &out->frames[i]))
            return false;
    }
    return true;
}

/* What is particular to a kind: numbers that must be in their range, and frames. */
static bool take_particulars(char *bytes, rest *from, hf_reader_record *out)
{
    void *body = bytes;
    switch (out->kind) {
    case HF_TRACE_PROCESS:
        return ((hf_trace_process *)body)->beginning <= HF_TRACE_FORKED;
    case HF_TRACE_MODULE: {
        const hf_trace_module *module = body;
        return module->id_bytes <= sizeof module->id && module->start <= module->end;
    }
    case HF_TRACE_UNLOAD:
        return ((hf_trace_unload *)body)->start <= ((hf_trace_unload *)body)->end;
    case HF_TRACE_THREAD:
        ((hf_trace_thread *)body)->name[HF_TRACE_THREAD_NAME_BYTES - 1] = '\0';
        return true;
    case HF_TRACE_STACK:
        return take_frames(from, ((hf_trace_stack *)body)->count, &out->frames[0]);
    case HF_TRACE_FINDING:
        return take_finding(body, from, out);
    default:
        return true;
    }
}

bool hf_record_take_apart(char *bytes, uint64_t size, hf_reader_record *out)
{
    const hf_trace_common *common = (const hf_trace_common *)(const void *)bytes;
    unsigned kind = (unsigned)(common->head & 0xff);
    if (kind >= HF_TRACE_RECORD_KIND_COUNT || descriptions[kind].fixed == 0 ||
        size < descriptions[kind].fixed)
        return false;
    rest from = {.at = bytes + descriptions[kind].fixed, .left = size - descriptions[kind].fixed};
    out->kind = (hf_trace_record_kind)kind;
    out->body.common = common;
    for (unsigned i = 0; i < HF_TRACE_MOMENTS; i++)
        out->frames[i] = NULL;
    for (unsigned i = 0; i < HF_READER_TEXTS; i++)
        out->texts[i] = "";
    if (!take_particulars(bytes, &from, out))
        return false;
    for (unsigned i = 0; i < descriptions[kind].texts; i++)
        if (!take_text(&from, &out->texts[i]))
            return false;
    return true;
}
