/* JSON.  What may exceed 2^53, and would lose digits in many readers, is a string of hexadecimal
 * digits: handles, values, addresses, offsets. */
#include "json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "sentence.h"

void json_put_text(FILE *to, const char *key, const char *value)
{
    fprintf(to, ",\"%s\":", key);
    escape_json(to, value);
}

void json_put_hex(FILE *to, const char *key, uint64_t value)
{
    fprintf(to, ",\"%s\":\"0x%" PRIx64 "\"", key, value);
}

static void put_number(FILE *to, const char *key, uint64_t value)
{
    bool exact = value <= UINT64_C(1) << 53;
    fprintf(to, exact ? ",\"%s\":%" PRIu64 : ",\"%s\":\"%" PRIu64 "\"", key, value);
}

static void put_frame(FILE *to, const finding_frame *frame, uint32_t which)
{
    const symbols_frame *name = &frame->place->frames[which];
    fprintf(to, "{\"address\":\"0x%" PRIx64 "\"", frame->address);
    if (name->function[0] != '\0')
        json_put_text(to, "function", name->function);
    if (name->file[0] != '\0') {
        json_put_text(to, "file", name->file);
        put_number(to, "line", name->line);
        put_number(to, "column", name->column);
    }
    if (which + 1 < frame->place->count)
        (void)fputs(",\"inlined\":true", to);
    if (frame->module[0] != '\0') {
        json_put_text(to, "module", frame->module);
        json_put_hex(to, "offset", frame->offset);
        if (frame->place->state != SYMBOLS_READ)
            json_put_text(to, "unnamed", symbols_state_text(frame->place->state));
    }
    (void)fputc('}', to);
}

void json_put_moment(FILE *to, const char *key, const finding_moment *moment)
{
    const char *separator = "";
    if (moment->thread == 0 && moment->count == 0) {
        fprintf(to, ",\"%s\":null", key);
        return;
    }
    fprintf(to, ",\"%s\":{\"thread\":%" PRIu64, key, moment->thread);
    json_put_text(to, "thread_name", moment->thread_name);
    (void)fputs(",\"frames\":[", to);
    for (uint32_t i = 0; i < moment->count; i++) {
        for (uint32_t which = 0; which < moment->frames[i].place->count; which++) {
            (void)fputs(separator, to);
            put_frame(to, &moment->frames[i], which);
            separator = ",";
        }
    }
    (void)fputs("]}", to);
}

static void put_party(FILE *to, const char *key, const finding_party *party, const char *role)
{
    if (party->handle == 0) {
        fprintf(to, ",\"%s\":null", key);
        return;
    }
    fprintf(to, ",\"%s\":{\"handle\":\"0x%" PRIx64 "\"", key, party->handle);
    json_put_hex(to, "value", party->value);
    json_put_text(to, "type", party->type);
    json_put_text(to, "label", party->label);
    if (role != NULL)
        json_put_text(to, "role", role);
    json_put_moment(to, "opened", &party->opened);
    json_put_moment(to, "closed", &party->closed);
    (void)fputc('}', to);
}

void json_put_message(FILE *to, const finding *of)
{
    char *message = NULL;
    size_t length;
    FILE *memory = open_memstream(&message, &length);
    if (memory == NULL)
        return;
    sentence_write(memory, of);
    if (fclose(memory) == 0)
        json_put_text(to, "message", message);
    free(message);
}

void json_write(FILE *to, const finding *of)
{
    fprintf(to, "{\"tool\":\"holdfast\",\"pid\":%" PRIu32, of->process);
    json_put_text(to, "kind", hf_report_kind_name(of->kind));
    json_put_message(to, of);
    json_put_text(to, "advice", sentence_advice(of));
    json_put_text(to, "operation", of->operation);
    json_put_text(to, "table", of->table);
    fprintf(to, ",\"error\":%" PRId32, of->error);
    if (of->error != 0)
        json_put_text(to, "error_text", strerror(of->error));
    put_number(to, "group_count", of->handles);
    json_put_moment(to, "now", &of->now);
    put_party(to, "subject", &of->subject, NULL);
    put_party(to, "other", &of->other, of->other_role);
    json_put_moment(to, "holder", &of->holder);
    json_put_text(to, "holder_operation", of->holder_operation);
    (void)fputs("}\n", to);
}
