/* Findings out of a trace's records. */
#include "finding.h"

#include <stdlib.h>
#include <string.h>

#include "report/kinds.h"

/* A finding, and room for all of its frames; its texts follow. */
typedef struct storage {
    finding shown;
    const char *texts[HF_READER_TEXTS];
    finding_frame frames[];
} storage;

/* What frames are made from, and where they go. */
typedef struct maker {
    const hf_reader_record *record;
    const hf_code *code;
    symbols *names;
    finding_frame *room;
} maker;

static const symbols_place unknown_place = {
    .state = SYMBOLS_NO_FILE, .path = "", .count = 1, .frames = {{.function = "", .file = ""}}};

finding_frame finding_frame_of(const hf_code_place *at, symbols *names)
{
    finding_frame made = {.address = at->address - 1, .module = "", .place = &unknown_place};
    if (at->file == NULL)
        return made;
    symbols_module module = {at->file->path, at->file->id, at->file->id_bytes};
    made.offset = at->offset - 1;
    made.place = symbols_find(names, &module, made.offset);
    made.module = made.place->path[0] != '\0' ? made.place->path : at->file->path;
    return made;
}

static void make_moment(maker *by, unsigned which, finding_moment *out)
{
    const hf_trace_finding *body = by->record->body.finding;
    const hf_trace_moment *from = &body->moments[which];
    /* Nobody saw it opened: the thread is that which noticed it. */
    if (from->frames == 0 && (which == HF_TRACE_OPENED || which == HF_TRACE_OTHER_OPENED))
        return;
    out->thread = from->thread;
    memcpy(out->thread_name, from->name, sizeof from->name);
    out->frames = by->room;
    for (uint32_t i = 0; i < from->frames; i++) {
        uint64_t address = by->record->frames[which][i];
        hf_code_place at = hf_code_find(by->code, body->common.process, address);
        if (at.file == NULL || !at.file->is_tool)
            out->frames[out->count++] = finding_frame_of(&at, by->names);
    }
    by->room += out->count;
}

static void make_moments(maker *by, finding *out)
{
    make_moment(by, HF_TRACE_NOW, &out->now);
    make_moment(by, HF_TRACE_OPENED, &out->subject.opened);
    make_moment(by, HF_TRACE_CLOSED, &out->subject.closed);
    make_moment(by, HF_TRACE_OTHER_OPENED, &out->other.opened);
    make_moment(by, HF_TRACE_OTHER_CLOSED, &out->other.closed);
    make_moment(by, HF_TRACE_HOLDER, &out->holder);
}

static size_t count_frames(const hf_trace_finding *body)
{
    size_t count = 0;
    for (unsigned i = 0; i < HF_TRACE_MOMENTS; i++)
        count += body->moments[i].frames;
    return count;
}

static size_t count_text(const hf_reader_record *record)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < HF_READER_TEXTS; i++)
        bytes += strlen(record->texts[i]) + 1;
    return bytes;
}

static void copy_texts(const hf_reader_record *record, storage *made, char *room)
{
    for (unsigned i = 0; i < HF_READER_TEXTS; i++) {
        size_t bytes = strlen(record->texts[i]) + 1;
        made->texts[i] = memcpy(room, record->texts[i], bytes);
        room += bytes;
    }
}

finding *finding_create(const hf_reader_record *record, const hf_code *code, symbols *names)
{
    const hf_trace_finding *body = record->body.finding;
    size_t frames = count_frames(body);
    storage *made = calloc(1, sizeof *made + frames * sizeof made->frames[0] + count_text(record));
    if (made == NULL)
        return NULL;
    const char *const *texts = made->texts;
    copy_texts(record, made, (char *)(made->frames + frames));
    maker by = {record, code, names, made->frames};
    made->shown = (finding){
        .kind = (hf_report_kind)body->kind,
        .process = body->common.process,
        .handles = body->count,
        .error = body->error,
        .in_tool = body->in_tool != 0,
        .operation = texts[HF_FINDING_OPERATION],
        .table = texts[HF_FINDING_TABLE],
        .subject = {.handle = body->handle,
                    .value = body->value,
                    .type = texts[HF_FINDING_TYPE],
                    .label = texts[HF_FINDING_LABEL]},
        .other = {.handle = body->other_handle,
                  .value = body->other_value,
                  .type = texts[HF_FINDING_OTHER_TYPE],
                  .label = texts[HF_FINDING_OTHER_LABEL]},
        .other_role = texts[HF_FINDING_OTHER_ROLE],
        .holder_operation = texts[HF_FINDING_HOLDER_OPERATION],
    };
    make_moments(&by, &made->shown);
    return &made->shown;
}

void finding_destroy(finding *of)
{
    free(of); /* the storage begins with it */
}

const finding_moment *finding_blamed(const finding *of)
{
    bool opener = hf_kind_blames_opener(of->kind) && of->subject.opened.count > 0;
    return opener ? &of->subject.opened : &of->now;
}
