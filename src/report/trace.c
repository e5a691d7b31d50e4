/* A trace's records: processes, threads, stacks and lives.
 *
 * Stacks and threads are told once each, by their numbers in the report side's stores, before the
 * first record that names them.  Where only findings are wanted, a stack is "told" when its modules
 * are: when it was walked for the first time, or again after code was unloaded.  A bit a stack says
 * so; it is set when the STACK record is finished, so that whoever finds it set writes behind that
 * record; two threads that come at once both tell. In a forked child the bits stand for what the
 * parent told: the child's numbers are a copy.
 *
 * The bits are cleared when objects were unloaded: an address may mean something else from then on.
 * A bit that is set in between by a thread that had told the stack before stays set; the stack is
 * then taken for what it was. */
#include "report/trace.h"

#include <string.h>

#include "platform/platform.h"
#include "report/buffer.h"
#include "report/moments.h"
#include "report/stacks.h"
#include "report/threads.h"
#include "report/trace_modules.h"
#include "report/trace_parts.h"

enum { STACK_WORDS = 1 << 17, STACK_BITS = 64, ARGUMENT_BYTES = 2048 };

static uint64_t told_stacks[STACK_WORDS];
static uint32_t told_words;   /* words that may have bits set */
static uint32_t seen_unloads; /* hf_trace_unloads when bits were last cleared */
static uint32_t process;      /* this one's id */

/* ---- processes and threads ------------------------------------------------------------------- */

static hf_trace_common common_of(uint32_t thread)
{
    return (hf_trace_common){.time_ns = (uint64_t)hf_os_now_ns(),
                             .process = __atomic_load_n(&process, __ATOMIC_RELAXED),
                             .thread = thread};
}

static void tell_thread(uint32_t thread)
{
    hf_trace_record record;
    hf_trace_thread body = {.common = common_of(thread), .system = hf_event_thread_id(thread)};
    const char *name = hf_thread_name(thread);
    memcpy(body.name, name, strnlen(name, sizeof body.name - 1));
    if (!hf_trace_begin(&record, sizeof body, true))
        return;
    hf_trace_put_body(&record, &body, sizeof body);
    hf_trace_end(&record, HF_TRACE_THREAD);
    hf_self.traced = thread;
}

hf_trace_common hf_trace_common_now(void)
{
    if (!HF_LIKELY(hf_self.met))
        hf_thread_meet();
    uint32_t thread = hf_self.thread;
    if (thread != 0 && thread != hf_self.traced)
        tell_thread(thread);
    return common_of(thread);
}

/* The arguments as one text, quoted for a shell where need be. */
static void quote_arguments(const char *arguments, size_t bytes, char *to, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=./:,@%";
    hf_buffer text = {.text = to, .size = size};
    for (size_t at = 0; at < bytes; at += strlen(arguments + at) + 1) {
        const char *argument = arguments + at;
        bool quotes = argument[0] == '\0' || argument[strspn(argument, plain)] != '\0';
        if (at != 0)
            hf_buffer_add(&text, " ", 1);
        if (quotes)
            hf_buffer_add(&text, "'", 1);
        for (const char *c = argument; *c != '\0'; c++)
            hf_buffer_add(&text, *c == '\'' ? "'\\''" : c, *c == '\'' ? 4 : 1);
        if (quotes)
            hf_buffer_add(&text, "'", 1);
    }
    (void)hf_buffer_end(&text);
}

/* One behind the other, each with its end, as the system tells them; what does not fit is cut. */
static size_t copy_arguments(char *const *arguments, char *to, size_t size)
{
    size_t length = 0;
    for (; *arguments != NULL && length < size; arguments++) {
        size_t whole = strlen(*arguments) + 1;
        size_t part = whole < size - length ? whole : size - length;
        memcpy(to + length, *arguments, part);
        length += part;
    }
    return length;
}

static void write_process(hf_trace_beginning beginning, char *const *given)
{
    hf_trace_record record;
    char path[1024];
    char arguments[ARGUMENT_BYTES + 1];
    char command[ARGUMENT_BYTES * 2];
    hf_trace_process body = {.common = hf_trace_common_now(),
                             .parent = (uint32_t)hf_os_parent_id(),
                             .beginning = (uint32_t)beginning};
    hf_os_program_path(path, sizeof path);
    size_t bytes = given != NULL ? copy_arguments(given, arguments, ARGUMENT_BYTES)
                                 : hf_os_arguments(arguments, ARGUMENT_BYTES);
    arguments[bytes] = '\0';
    quote_arguments(arguments, bytes, command, sizeof command);
    if (!hf_trace_begin(
            &record, sizeof body + hf_trace_text_bytes(path) + hf_trace_text_bytes(command), true))
        return;
    hf_trace_put_body(&record, &body, sizeof body);
    hf_trace_put_text(&record, path);
    hf_trace_put_text(&record, command);
    hf_trace_end(&record, HF_TRACE_PROCESS);
}

void hf_trace_process_begins(hf_trace_beginning beginning, char *const *arguments)
{
    uint32_t id = (uint32_t)hf_os_process_id();
    if (hf_trace_wants() == 0 || __atomic_exchange_n(&process, id, __ATOMIC_RELAXED) == id)
        return;
    write_process(beginning, arguments);
}

void hf_trace_process_ends(const hf_trace_exit *totals)
{
    hf_trace_record record;
    hf_trace_exit body = *totals;
    if (hf_trace_wants() == 0)
        return;
    body.common = hf_trace_common_now();
    if (!hf_trace_begin(&record, sizeof body, true))
        return;
    hf_trace_put_body(&record, &body, sizeof body);
    hf_trace_end(&record, HF_TRACE_EXIT);
}

/* ---- stacks ---------------------------------------------------------------------------------- */

static void forget_stacks(void)
{
    uint32_t words = __atomic_load_n(&told_words, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < words; i++)
        __atomic_store_n(&told_stacks[i], 0, __ATOMIC_RELAXED);
}

/* After modules were looked at: one of them may have taken the place of another. */
static void heed_unloads(void)
{
    uint32_t unloads = hf_trace_unloads();
    if (__atomic_exchange_n(&seen_unloads, unloads, __ATOMIC_RELAXED) != unloads)
        forget_stacks();
}

void hf_trace_code_changed(void)
{
    if (hf_trace_wants() == 0)
        return;
    (void)hf_trace_tell_unloaded();
    heed_unloads();
}

void hf_trace_put_frames(hf_trace_record *record, const uintptr_t *frames, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t frame = frames[i];
        hf_trace_put(record, &frame, sizeof frame);
    }
}

static bool write_stack(uint32_t stack, const uintptr_t *frames, uint32_t count)
{
    hf_trace_record record;
    hf_trace_stack body = {.common = hf_trace_common_now(), .number = stack, .count = count};
    if (!hf_trace_begin(&record, sizeof body + count * sizeof(uint64_t), false))
        return false;
    hf_trace_put_body(&record, &body, sizeof body);
    hf_trace_put_frames(&record, frames, count);
    hf_trace_end(&record, HF_TRACE_STACK);
    return true;
}

static void mark_told(uint32_t stack)
{
    uint32_t word = stack / STACK_BITS;
    if (stack == 0 || word >= STACK_WORDS)
        return;
    uint32_t words = __atomic_load_n(&told_words, __ATOMIC_RELAXED);
    while (words <= word && !__atomic_compare_exchange_n(&told_words, &words, word + 1, true,
                                                         __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    /* Release: what was told comes before.  Partner: the acquire in tell_stack. */
    (void)__atomic_fetch_or(&told_stacks[word], UINT64_C(1) << stack % STACK_BITS,
                            __ATOMIC_RELEASE);
}

__attribute__((noinline)) static void tell_new_stack(uint32_t stack)
{
    uint32_t count;
    const uintptr_t *frames = hf_stack_frames(stack, &count);
    hf_trace_tell_modules(frames, count);
    heed_unloads();
    if (!hf_event_lives() || write_stack(stack, frames, count))
        mark_told(stack);
}

static inline void tell_stack(uint32_t stack)
{
    uint32_t word = stack / STACK_BITS;
    if (stack == 0 || word >= STACK_WORDS)
        return;
    /* Acquire: what is written next lies behind the stack's record.  Partner: mark_told. */
    if ((__atomic_load_n(&told_stacks[word], __ATOMIC_ACQUIRE) >> stack % STACK_BITS & 1) == 0)
        tell_new_stack(stack);
}

/* Where lives are told, theirs are told with them. */
void hf_trace_stack_walked(uint32_t stack, bool modules_known)
{
    if (hf_trace_wants() == 0 || hf_event_lives())
        return;
    if (modules_known)
        mark_told(stack);
    else
        tell_stack(stack);
}

/* ---- lives ----------------------------------------------------------------------------------- */

_Static_assert((int)HF_EVENT_WANTS_LIVES == (int)HF_TRACE_WANTS_EVENTS, "core asks for lives");

bool hf_event_traced(hf_trace moment)
{
    tell_stack(moment.stack);
    return hf_event_lives();
}

void hf_event_opened(const hf_event_party *party, bool borrowed, const char *operation)
{
    hf_trace_record record;
    const char *type = hf_make_text(party->type_name);
    const char *label = hf_make_text(party->label);
    hf_trace_open body = {.common = hf_trace_common_now(),
                          .handle = party->handle.bits,
                          .value = party->value,
                          .stack = party->opened.stack,
                          .borrowed = borrowed};
    if (!hf_trace_begin(&record,
                        sizeof body + hf_trace_text_bytes(type) + hf_trace_text_bytes(label) +
                            hf_trace_text_bytes(operation),
                        false))
        return;
    hf_trace_put_body(&record, &body, sizeof body);
    hf_trace_put_text(&record, type);
    hf_trace_put_text(&record, label);
    hf_trace_put_text(&record, operation);
    hf_trace_end(&record, HF_TRACE_OPEN);
}

void hf_event_closed(hf_handle handle, hf_trace closed, bool detached, const char *operation)
{
    hf_trace_record record;
    hf_trace_close body = {.common = hf_trace_common_now(),
                           .handle = handle.bits,
                           .stack = closed.stack,
                           .detached = detached};
    if (!hf_trace_begin(&record, sizeof body + hf_trace_text_bytes(operation), false))
        return;
    hf_trace_put_body(&record, &body, sizeof body);
    hf_trace_put_text(&record, operation);
    hf_trace_end(&record, HF_TRACE_CLOSE);
}

void hf_trace_note_text(hf_handle handle, const char *text)
{
    hf_trace_record record;
    hf_trace_note body = {.handle = handle.bits};
    if (!hf_event_lives())
        return;
    body.common = hf_trace_common_now();
    if (!hf_trace_begin(&record, sizeof body + hf_trace_text_bytes(text), false))
        return;
    hf_trace_put_body(&record, &body, sizeof body);
    hf_trace_put_text(&record, text);
    hf_trace_end(&record, HF_TRACE_NOTE);
}
