/* What is known of the handles that have to do with an address: for hf_describe_address, and to
 * follow a report of AddressSanitizer's. */
#include <inttypes.h>

#include "platform/platform.h"
#include "report/kinds.h"
#include "report/moments.h"
#include "report/options.h"
#include "report/output.h"
#include "report/sanitizers.h"
#include "report/symbols.h"
#include "report/text_parts.h"
#include "report/threads.h"
#include "report/writer.h"

static void put_place(const hf_text *to, const hf_event_description *of)
{
    hf_buffer_print(to->buffer, "%sHoldfast: what is known of 0x%" PRIxPTR, to->bold, of->address);
    if (of->block_size != 0)
        hf_buffer_print(to->buffer, ", in the heap block 0x%" PRIxPTR " of %zu bytes", of->block,
                        of->block_size);
    hf_buffer_print(to->buffer, ":%s\n", to->plain);
    if (of->part == NULL)
        return;
    hf_buffer_print(to->buffer, "  it lies in the %s of table ", of->part);
    hf_text_put_name(to, of->table_name);
    hf_buffer_print(to->buffer, ", which are the library's own: the pointer is a stray one\n");
}

static void put_holders(const hf_text *to, const hf_event_history *history)
{
    hf_report_holder holders[HF_HISTORY_HOLDERS];
    hf_make_holders(history->holders, history->holder_count, holders);
    for (uint32_t i = 0; i < history->holder_count; i++) {
        hf_buffer_print(to->buffer, "  %sheld %s", to->bold, hf_hold_text(holders[i].hold));
        hf_text_put_thread(to, &holders[i].entered);
        hf_buffer_print(to->buffer, "%s%s\n", holders[i].entered.frame_count > 0 ? ":" : "",
                        to->plain);
        if (holders[i].entered.frame_count > 0)
            hf_text_put_stack(to, &holders[i].entered);
    }
    if (history->references > 0)
        hf_buffer_print(to->buffer, "  counted holders: %u\n", history->references);
    else if (history->holder_count == 0)
        hf_buffer_print(to->buffer, "  nothing holds it\n");
}

static void put_history(const hf_text *to, const hf_event_history *history)
{
    hf_report_party party = hf_make_party(&history->party);
    hf_buffer_print(to->buffer, "  pointed to by the %s, %s ", history->life,
                    history->borrowed ? "borrowed" : "owned");
    hf_text_put_party(to, &party);
    hf_buffer_print(to->buffer, ", table ");
    hf_text_put_name(to, history->table_name);
    hf_buffer_print(to->buffer, "\n");
    hf_text_put_event(to, "closed", &party.closed);
    hf_text_put_event(to, "opened", &party.opened);
    put_holders(to, history);
}

void hf_text_write_history(hf_buffer *buffer, const hf_event_description *of, bool colour)
{
    hf_text to = {.buffer = buffer,
                  .limit = SIZE_MAX,
                  .frames = UINT32_MAX,
                  .bold_red = "",
                  .bold = colour ? "\033[1m" : "",
                  .plain = colour ? "\033[0m" : ""};
    hf_symbols_begin();
    put_place(&to, of);
    for (uint32_t i = 0; i < of->count; i++)
        put_history(&to, &of->histories[i]);
    hf_symbols_end();
}

size_t hf_event_describe(const hf_event_description *description, char *buffer, size_t size)
{
    hf_buffer to = {.text = buffer, .size = buffer != NULL ? size : 0};
    int error = hf_os_error();
    if (description->count != 0 || description->part != NULL)
        hf_text_write_history(&to, description, false);
    (void)hf_buffer_end(&to);
    hf_os_set_error(error);
    return to.length;
}

void hf_event_follow_report(const hf_event_description *description)
{
    int error = hf_os_error();
    hf_sanitizers_report_is_here();
    if (description->count != 0 || description->part != NULL)
        hf_output_history(description);
    hf_sanitizers_report_is_out();
    hf_os_set_error(error);
}

bool hf_event_describes(void)
{
    return hf_option(HF_OPTION_DESCRIBE) != 0;
}
