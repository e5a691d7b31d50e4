/* Where reports go.  The log file is opened for each report and closed again: a descriptor that is
 * kept would be seen by the program, closed by its close-all loops, and then be somebody else's. */
#include "report/output.h"

#include <stdatomic.h>
#include <string.h>

#include "platform/lock.h"
#include "report/arena.h"
#include "report/buffer.h"
#include "report/dedup.h"
#include "report/options.h"
#include "report/store.h"
#include "report/threads.h"
#include "report/writer.h"

enum { PATH_SIZE = 1024, BRIEF_SIZE = 4096, ROOM = 1 << 16 };

/* NULL: not set yet. */
static const char *_Atomic log_path;
static const char to_stderr[] = "stderr";
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

static bool open_log(const char *path, hf_os_output *out)
{
    char text[PATH_SIZE];
    hf_buffer expanded = HF_BUFFER(text);
    for (; *path != '\0'; path++) {
        if (path[0] == '%' && path[1] == 'p') {
            hf_buffer_print(&expanded, "%llu", (unsigned long long)hf_os_process_id());
            path++;
        } else {
            hf_buffer_add(&expanded, path, 1);
        }
    }
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
    if (path.text == NULL || hf_token_is(path, to_stderr, strlen(to_stderr)))
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
        atomic_compare_exchange_strong_explicit(&log_path, &unset, made != NULL ? made : to_stderr,
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
    return path != NULL ? path : to_stderr;
}

/* ---- reports -------------------------------------------------------------------------------- */

static hf_os_output open_destination(void)
{
    hf_os_output output = hf_os_standard_error();
    const char *path = hf_output_log_path();
    if (strcmp(path, to_stderr) != 0 && !open_log(path, &output)) {
        hf_tell_once("log_path: cannot write to '%.500s' any more: reports go to standard error",
                     path);
        output = hf_os_standard_error();
    }
    return output;
}

static bool wants_colour(hf_os_output output)
{
    uint32_t colour = hf_option(HF_OPTION_COLOR);
    return colour == HF_COLOR_ALWAYS ||
           (colour == HF_COLOR_AUTO && hf_os_output_is_terminal(output));
}

static void write_alone(hf_os_output output, const hf_buffer *buffer)
{
    /* Rather mixed with another's text than not at all. */
    bool alone = hf_lock_take(&one_writer, HF_LOCK_BOUND_NS);
    hf_os_output_write(output, buffer->text, hf_buffer_held(buffer));
    if (alone)
        hf_lock_give(&one_writer);
}

static void format(hf_buffer *buffer, const hf_report *report, bool colour)
{
    buffer->length = 0;
    if (hf_option(HF_OPTION_FORMAT) == HF_FORMAT_JSON)
        hf_json_write(buffer, report);
    else
        hf_text_write(buffer, report, colour);
}

/* False: no memory. */
static bool write_whole(const hf_report *report, hf_os_output output)
{
    bool colour = wants_colour(output);
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
        format(&buffer, report, colour);
        if (buffer.length < buffer.size)
            write_alone(output, &buffer);
        hf_os_unreserve(buffer.text, buffer.size);
    } while (buffer.length >= buffer.size);
    return true;
}

/* What a small stack has room for: addresses instead of names, the call that is wrong now only. */
static void write_brief(const hf_report *report, hf_os_output output, bool alone)
{
    char text[BRIEF_SIZE];
    hf_buffer buffer = HF_BUFFER(text);
    if (hf_option(HF_OPTION_FORMAT) == HF_FORMAT_JSON)
        hf_json_write_brief(&buffer, report);
    else
        hf_text_write_brief(&buffer, report);
    if (alone)
        write_alone(output, &buffer);
    else
        hf_os_output_write(output, buffer.text, hf_buffer_held(&buffer));
}

void hf_output_report(const hf_report *report)
{
    bool nested = hf_self.writing;
    hf_self.writing = true;
    hf_os_output output = open_destination();
    /* A finding made while this very thread writes one, by a signal handler or by what writing
     * calls, must not wait for the lock, which this thread may hold. */
    if (nested || !write_whole(report, output))
        write_brief(report, output, !nested);
    hf_os_output_close(output);
    hf_self.writing = nested;
}

void hf_output_forked(void)
{
    if (!hf_self.writing)
        hf_lock_reset(&one_writer);
}
