/* What texts are made of: stacks, moments, parties. */
#include "report/text_parts.h"

#include <inttypes.h>

#include "report/symbols.h"

void hf_text_put_name(const hf_text *to, const char *name)
{
    hf_buffer_print(to->buffer, "\"");
    hf_buffer_add_plain(to->buffer, name, to->limit);
    hf_buffer_print(to->buffer, "\"");
}

/* ---- stacks --------------------------------------------------------------------------------- */

/* One less than the return address: the call, as the sanitizers print it. */
static void put_frame(const hf_text *to, uint32_t number, uintptr_t address)
{
    hf_os_symbol symbol;
    hf_symbols_find(address, &symbol);
    hf_buffer_print(to->buffer, "    #%u 0x%" PRIxPTR, number, address - 1);
    if (symbol.function[0] != '\0')
        hf_buffer_print(to->buffer, " in %s", symbol.function);
    if (symbol.file[0] != '\0')
        hf_buffer_print(to->buffer, " %s:%u", symbol.file, symbol.line);
    else if (symbol.module[0] != '\0')
        hf_buffer_print(to->buffer, " (%s+0x%" PRIx64 ")", symbol.module, symbol.offset);
    hf_buffer_print(to->buffer, "\n");
}

void hf_text_put_stack(const hf_text *to, const hf_report_event *event)
{
    uint32_t own = hf_symbols_own_frames(event);
    for (uint32_t i = own; i < event->frame_count && i - own < to->frames; i++)
        put_frame(to, i - own, event->frames[i]);
    hf_buffer_print(to->buffer, "\n");
}

void hf_text_put_thread_name(const hf_text *to, const hf_report_event *event)
{
    if (event->thread_name[0] == '\0')
        return;
    hf_buffer_print(to->buffer, " (");
    hf_buffer_add_plain(to->buffer, event->thread_name, to->limit);
    hf_buffer_print(to->buffer, ")");
}

void hf_text_put_thread(const hf_text *to, const hf_report_event *event)
{
    if (event->thread == 0)
        return;
    hf_buffer_print(to->buffer, " by thread %" PRIu64, event->thread);
    hf_text_put_thread_name(to, event);
}

/* A moment, if anything is known of it. */
void hf_text_put_event(const hf_text *to, const char *what, const hf_report_event *event)
{
    if (event->thread == 0 && event->frame_count == 0)
        return;
    hf_buffer_print(to->buffer, "  %s%s", to->bold, what);
    hf_text_put_thread(to, event);
    hf_buffer_print(to->buffer, ":%s\n", to->plain);
    hf_text_put_stack(to, event);
}

/* ---- parties -------------------------------------------------------------------------------- */

/* handle 0x2a (fd 5, "config") */
void hf_text_put_party(const hf_text *to, const hf_report_party *party)
{
    hf_buffer_print(to->buffer, "handle 0x%" PRIx64, party->handle.bits);
    if (party->type_name[0] == '\0')
        return;
    hf_buffer_print(to->buffer, " (");
    hf_buffer_add_plain(to->buffer, party->type_name, to->limit);
    /* Descriptors are written as people know them, pointers as such. */
    hf_buffer_print(to->buffer, party->value < 65536 ? " %" PRIuPTR : " 0x%" PRIxPTR, party->value);
    if (party->label[0] != '\0') {
        hf_buffer_print(to->buffer, ", ");
        hf_text_put_name(to, party->label);
    }
    if (party->group_name[0] != '\0') {
        hf_buffer_print(to->buffer, ", group ");
        hf_text_put_name(to, party->group_name);
    }
    hf_buffer_print(to->buffer, ")");
}
