/* Where reports go.  The log file is opened for each report and closed again: a descriptor that is
 * kept would be seen by the program, closed by its close-all loops, and then be somebody else's. */
#include "report/output.h"

#include <stdatomic.h>
#include <string.h>

#include "platform/lock.h"
#include "platform/sanitizer.h"
#include "report/arena.h"
#include "report/buffer.h"
#include "report/dedup.h"
#include "report/options.h"
#include "report/sanitizers.h"
#include "report/store.h"
#include "report/threads.h"
#include "report/writer.h"

enum { PATH_SIZE = 1024, BRIEF_SIZE = 4096, ROOM = 1 << 16 };

/* NULL: not set yet. */
static const char *_Atomic log_path;
static const char to_stderr[] = "stderr";
static const char by_default[] = "stderr"; /* or where a sanitizer's reports go */
static hf_lock one_writer;

/* ---- messages ------------------------------------------------------------------------------- */

static void finish_line(hf_buffer *line)
{
    if (line->length > line->size - 2)
        line->length = line->size - 2; /* cut off, but for the end of the line */
    hf_buffer_add(line, "\n", 1);
    hf_os_output_write(hf_os_standard_error(), line->text, hf_buffer_held(line));
}

void hf_tell(const char *format, ...)
{
    char text[1280];
    hf_buffer line = HF_BUFFER(text);
    va_list arguments;
    va_start(arguments, format);
    hf_buffer_print(&line, "Holdfast: ");
    hf_buffer_print_list(&line, format, arguments);
    va_end(arguments);
    finish_line(&line);
}

void hf_tell_once(const char *format, ...)
{
    char text[1280];
    hf_buffer line = HF_BUFFER(text);
    uint64_t key = HF_HASH_START;
    va_list arguments;
    va_start(arguments, format);
    hf_buffer_print(&line, "Holdfast: ");
    hf_buffer_print_list(&line, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < hf_buffer_held(&line); i++)
        key = hf_hash_word(key, (unsigned char)text[i]);
    if (hf_dedup_add(hf_dedup_key(key, line.length)) == HF_DEDUP_NEW)
        finish_line(&line);
}

/* ---- the log file --------------------------------------------------------------------------- */

void hf_output_expand(hf_buffer *to, const char *path)
{
    for (; *path != '\0'; path++) {
        if (path[0] == '%' && path[1] == 'p') {
            hf_buffer_print(to, "%llu", (unsigned long long)hf_os_process_id());
            path++;
        } else {
            hf_buffer_add(to, path, 1);
        }
    }
}

static bool open_log(const char *path, hf_os_output *out)
{
    char text[PATH_SIZE];
    hf_buffer expanded = HF_BUFFER(text);
    hf_output_expand(&expanded, path);
    return expanded.length < expanded.size && hf_os_output_open(hf_buffer_end(&expanded), out);
}

/* The path as it will be used: absolute, because the program may change its directory.  NULL, and
 * told, if it cannot be. */
static const char *usable_log_path(hf_token path)
{
    char text[PATH_SIZE];
    char reason[128];
    hf_os_output output;
    const char *made = NULL;
    if (path.text == NULL)
        return by_default;
    if (hf_token_is(path, to_stderr, strlen(to_stderr)))
        return to_stderr;
    hf_os_set_error(0);
    if (hf_os_absolute_path(path.text, path.length, text, sizeof text) && open_log(text, &output)) {
        hf_os_output_close(output);
        made = hf_arena_copy(&hf_option_arena, text, strlen(text));
    }
    if (made == NULL)
        hf_tell_once("log_path: cannot write to '%.*s': %s",
                     path.length < 500 ? (int)path.length : 500, path.text,
                     hf_os_error_text(hf_os_error(), reason, sizeof reason));
    return made;
}

bool hf_output_set_log_path(hf_token path, bool replace)
{
    const char *unset = NULL;
    if (path.text == NULL && replace)
        return true;
    const char *made = usable_log_path(path);
    /* Release: the text of the path.  Partner: the acquire in hf_output_log_path. */
    if (replace && made != NULL)
        atomic_store_explicit(&log_path, made, memory_order_release);
    else if (!replace)
        atomic_compare_exchange_strong_explicit(&log_path, &unset, made != NULL ? made : by_default,
                                                memory_order_release, memory_order_relaxed);
    return made != NULL;
}

const char *hf_output_log_path(void)
{
    /* Partner: the release in hf_output_set_log_path. */
    const char *path = atomic_load_explicit(&log_path, memory_order_acquire);
    if (path == NULL) {
        hf_options_load();
        path = atomic_load_explicit(&log_path, memory_order_acquire);
    }
    return path != NULL ? path : by_default;
}

/* ---- reports -------------------------------------------------------------------------------- */

/* What is to be written: one of the two. */
typedef struct content {
    const hf_report *report;
    const hf_event_description *description;
} content;

/* Where to. */
typedef struct destination {
    hf_os_output output;
    bool is_sanitizers; /* where its own reports go */
} destination;

static destination open_destination(bool nested)
{
    destination to = {.output = hf_os_standard_error()};
    const char *path = hf_output_log_path();
    if (path == by_default) {
        /* Asking takes a spin lock of the runtime's, which this thread may hold. */
        to.is_sanitizers = !nested && hf_sanitizers_write_elsewhere();
    } else if (path != to_stderr && !open_log(path, &to.output)) {
        hf_tell_once("log_path: cannot write to '%.500s' any more: reports go to standard error",
                     path);
        to.output = hf_os_standard_error();
    }
    return to;
}

static bool wants_colour(const destination *to)
{
    uint32_t colour = hf_option(HF_OPTION_COLOR);
    if (colour == HF_COLOR_AUTO)
        colour = hf_sanitizers_colour();
    return colour == HF_COLOR_ALWAYS ||
           (colour == HF_COLOR_AUTO && !to->is_sanitizers && hf_os_output_is_terminal(to->output));
}

static void write_text(const destination *to, hf_buffer *buffer)
{
    if (to->is_sanitizers)
        hf_sanitizer_write(buffer->text, hf_buffer_held(buffer));
    else
        hf_os_output_write(to->output, buffer->text, hf_buffer_held(buffer));
}

static void write_alone(const destination *to, hf_buffer *buffer)
{
    hf_sanitizers_turn_await();
    /* Rather mixed with another's text than not at all. */
    bool alone = hf_lock_take(&one_writer, HF_LOCK_BOUND_NS);
    write_text(to, buffer);
    if (alone)
        hf_lock_give(&one_writer);
}

static void format(hf_buffer *buffer, const content *what, bool colour)
{
    bool json = hf_option(HF_OPTION_FORMAT) == HF_FORMAT_JSON;
    buffer->length = 0;
    if (what->report != NULL && json)
        hf_json_write(buffer, what->report);
    else if (what->report != NULL)
        hf_text_write(buffer, what->report, colour);
    else if (json)
        hf_json_write_history(buffer, what->description);
    else
        hf_text_write_history(buffer, what->description, colour);
    (void)hf_buffer_end(buffer);
}

/* False: no memory. */
static bool write_whole(const content *what, const destination *to)
{
    bool colour = wants_colour(to);
    hf_buffer buffer = {.size = ROOM};
    do {
        buffer.size = (buffer.length / ROOM + 1) * ROOM;
        buffer.text = hf_os_reserve(buffer.size);
        if (buffer.text == NULL)
            return false;
        if (!hf_os_commit(buffer.text, buffer.size)) {
            hf_os_unreserve(buffer.text, buffer.size);
            return false;
        }
        format(&buffer, what, colour);
        if (buffer.length < buffer.size)
            write_alone(to, &buffer);
        hf_os_unreserve(buffer.text, buffer.size);
    } while (buffer.length >= buffer.size);
    return true;
}

/* What a small stack has room for: addresses instead of names, the call that is wrong now only. */
static void write_brief(const hf_report *report, const destination *to, bool alone)
{
    char text[BRIEF_SIZE];
    hf_buffer buffer = HF_BUFFER(text);
    if (hf_option(HF_OPTION_FORMAT) == HF_FORMAT_JSON)
        hf_json_write_brief(&buffer, report);
    else
        hf_text_write_brief(&buffer, report);
    (void)hf_buffer_end(&buffer);
    if (alone)
        write_alone(to, &buffer);
    else
        write_text(to, &buffer);
}

static void deliver(const content *what)
{
    bool nested = hf_self.writing;
    hf_self.writing = true;
    hf_sanitizers_turn_begin();
    destination to = open_destination(nested);
    /* A finding made while this very thread writes one, by a signal handler or by what writing
     * calls, must not wait for the lock, which this thread may hold. */
    bool brief = what->report != NULL && nested;
    if ((brief || !write_whole(what, &to)) && what->report != NULL)
        write_brief(what->report, &to, !nested);
    hf_os_output_close(to.output);
    hf_sanitizers_turn_end();
    hf_self.writing = nested;
}

void hf_output_report(const hf_report *report)
{
    const content what = {.report = report};
    deliver(&what);
}

void hf_output_history(const hf_event_description *description)
{
    const content what = {.description = description};
    deliver(&what);
}

void hf_output_forked(void)
{
    if (!hf_self.writing)
        hf_lock_reset(&one_writer);
}
