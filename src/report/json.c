/* A report as one line of JSON.  What may exceed 2^53, and would lose digits in many readers, is a
 * string of hexadecimal digits: handles, values, addresses, offsets. */
#include <inttypes.h>

#include "platform/platform.h"
#include "report/json_string.h"
#include "report/kinds.h"
#include "report/moments.h"
#include "report/options.h"
#include "report/symbols.h"
#include "report/writer.h"

/* Adds "key":"value" with a comma before. */
static void put_text(hf_buffer *to, const char *key, const char *value)
{
    hf_buffer_print(to, ",\"%s\":", key);
    hf_json_put_string(to, value);
}

static void put_hex(hf_buffer *to, const char *key, uint64_t value)
{
    hf_buffer_print(to, ",\"%s\":\"0x%" PRIx64 "\"", key, value);
}

static void put_number(hf_buffer *to, const char *key, uint64_t value)
{
    bool exact = value <= UINT64_C(1) << 53;
    hf_buffer_print(to, exact ? ",\"%s\":%" PRIu64 : ",\"%s\":\"%" PRIu64 "\"", key, value);
}

/* One less than the return address, as in the text. */
static void put_frame(hf_buffer *to, uintptr_t address)
{
    hf_os_symbol symbol;
    hf_symbols_find(address, &symbol);
    hf_buffer_print(to, "{\"address\":\"0x%" PRIxPTR "\"", address - 1);
    if (symbol.function[0] != '\0')
        put_text(to, "function", symbol.function);
    if (symbol.file[0] != '\0') {
        put_text(to, "file", symbol.file);
        put_number(to, "line", symbol.line);
    }
    if (symbol.module[0] != '\0') {
        put_text(to, "module", symbol.module);
        put_hex(to, "offset", symbol.offset);
    }
    hf_buffer_print(to, "}");
}

/* The members of a moment, without braces. */
static void put_moment(hf_buffer *to, const hf_report_event *event)
{
    uint32_t own = hf_symbols_own_frames(event);
    bool exact = event->thread <= UINT64_C(1) << 53;
    hf_buffer_print(to, exact ? "\"thread\":%" PRIu64 : "\"thread\":\"%" PRIu64 "\"",
                    event->thread);
    put_text(to, "thread_name", event->thread_name);
    hf_buffer_print(to, ",\"frames\":[");
    for (uint32_t i = own; i < event->frame_count; i++) {
        if (i > own)
            hf_buffer_print(to, ",");
        put_frame(to, event->frames[i]);
    }
    hf_buffer_print(to, "]");
}

/* A moment; null if nothing is known of it. */
static void put_event(hf_buffer *to, const char *key, const hf_report_event *event)
{
    if (event->thread == 0 && event->frame_count == 0) {
        hf_buffer_print(to, ",\"%s\":null", key);
        return;
    }
    hf_buffer_print(to, ",\"%s\":{", key);
    put_moment(to, event);
    hf_buffer_print(to, "}");
}

static void put_party(hf_buffer *to, const char *key, const hf_report_party *party,
                      const char *role)
{
    if (hf_handle_is_null(party->handle)) {
        hf_buffer_print(to, ",\"%s\":null", key);
        return;
    }
    hf_buffer_print(to, ",\"%s\":{\"handle\":\"0x%" PRIx64 "\"", key, party->handle.bits);
    put_hex(to, "value", party->value);
    put_text(to, "type", party->type_name);
    put_text(to, "label", party->label);
    if (party->group_name[0] != '\0')
        put_text(to, "group", party->group_name);
    if (role != NULL)
        put_text(to, "role", role);
    put_event(to, "opened", &party->opened);
    put_event(to, "closed", &party->closed);
    hf_buffer_print(to, "}");
}

/* A handle or a lock; null if there is none. */
static void put_thing(hf_buffer *to, const char *key, uint64_t word)
{
    if (word != 0)
        put_hex(to, key, word);
    else
        hf_buffer_print(to, ",\"%s\":null", key);
}

static void put_holder(hf_buffer *to, const hf_report_holder *holder)
{
    hf_buffer_print(to, "{\"hold\":\"%s\",\"entered\":{", hf_hold_name(holder->hold));
    put_moment(to, &holder->entered);
    hf_buffer_print(to, "}");
    put_thing(to, "held", holder->held.bits);
    put_thing(to, "held_lock", (uintptr_t)holder->held_lock);
    put_event(to, "waits", &holder->waits);
    put_thing(to, "awaited", holder->awaited.bits);
    put_thing(to, "awaited_lock", (uintptr_t)holder->awaited_lock);
    hf_buffer_print(to, "}");
}

static void put_holders(hf_buffer *to, const hf_report *report)
{
    hf_buffer_print(to, ",\"holders\":[");
    for (uint32_t i = 0; i < report->holder_count; i++) {
        if (i > 0)
            hf_buffer_print(to, ",");
        put_holder(to, &report->holders[i]);
    }
    hf_buffer_print(to, "]");
}

static void put_error(hf_buffer *to, const hf_report *report)
{
    char reason[128];
    hf_buffer_print(to, ",\"error\":%" PRId32, report->error);
    if (report->error != 0)
        put_text(to, "error_text", hf_os_error_text(report->error, reason, sizeof reason));
}

static void put_head(hf_buffer *to, const hf_report *report)
{
    hf_buffer_print(to, "{\"tool\":\"holdfast\"");
    put_number(to, "pid", hf_os_process_id());
    put_text(to, "kind", report->kind_name);
    put_text(to, "message", report->message);
    put_text(to, "advice", report->advice);
    put_text(to, "operation", report->operation);
}

void hf_json_write(hf_buffer *buffer, const hf_report *report)
{
    hf_symbols_begin();
    put_head(buffer, report);
    put_text(buffer, "table", report->table_name);
    put_text(buffer, "issuer", report->issuer_name);
    put_error(buffer, report);
    put_number(buffer, "group_count", report->group_count);
    put_number(buffer, "references", report->references);
    put_event(buffer, "now", &report->now);
    put_party(buffer, "subject", &report->subject, NULL);
    put_party(buffer, "other", &report->other, report->other_role);
    put_holders(buffer, report);
    hf_buffer_print(buffer, "}\n");
    hf_symbols_end();
}

void hf_json_write_brief(hf_buffer *buffer, const hf_report *report)
{
    put_head(buffer, report);
    put_error(buffer, report);
    put_number(buffer, "thread", report->now.thread);
    put_hex(buffer, "handle", report->subject.handle.bits);
    hf_buffer_print(buffer, ",\"brief\":true}\n");
}

static void put_history(hf_buffer *to, const hf_event_history *history)
{
    hf_report_party party = hf_make_party(&history->party);
    hf_report_holder holders[HF_HISTORY_HOLDERS];
    hf_report shown = {.holders = holders, .holder_count = history->holder_count};
    hf_make_holders(history->holders, history->holder_count, holders);
    hf_buffer_print(to, "{\"life\":\"%s\",\"borrowed\":%s", history->life,
                    history->borrowed ? "true" : "false");
    put_text(to, "table", history->table_name);
    put_party(to, "subject", &party, NULL);
    put_number(to, "references", history->references);
    put_holders(to, &shown);
    hf_buffer_print(to, "}");
}

void hf_json_write_history(hf_buffer *buffer, const hf_event_description *of)
{
    hf_symbols_begin();
    hf_buffer_print(buffer, "{\"tool\":\"holdfast\"");
    put_number(buffer, "pid", hf_os_process_id());
    put_hex(buffer, "describes", of->address);
    if (of->block_size != 0) {
        put_hex(buffer, "block", of->block);
        put_number(buffer, "block_size", of->block_size);
    }
    if (of->part != NULL) {
        put_text(buffer, "part", of->part);
        put_text(buffer, "table", of->table_name);
    }
    hf_buffer_print(buffer, ",\"handles\":[");
    for (uint32_t i = 0; i < of->count; i++) {
        if (i > 0)
            hf_buffer_print(buffer, ",");
        put_history(buffer, &of->histories[i]);
    }
    hf_buffer_print(buffer, "]}\n");
    hf_symbols_end();
}

size_t hf_report_json(const hf_report *report, char *buffer, size_t size)
{
    hf_buffer to = {.text = buffer, .size = buffer != NULL ? size : 0};
    int error = hf_os_error();
    if (report != NULL)
        hf_json_write(&to, report);
    (void)hf_buffer_end(&to);
    hf_os_set_error(error);
    return to.length;
}
