/* The option trace=FILE.
 *
 * A process that was started with the same options as its parent finds the file that the parent
 * writes to, and joins it: one trace then tells of both.  A file that is left from an earlier run
 * is replaced.  Whose process made it and has ended is taken for such, though others may write to
 * it still: they keep theirs, and it has no name any more. */
#include "report/trace_option.h"

#include <stdatomic.h>
#include <string.h>

#include "platform/platform.h"
#include "report/output.h"
#include "report/trace.h"

#define CAPACITY ((uint64_t)256 << 20)

enum { PATH_SIZE = 1024 };

static char given[PATH_SIZE]; /* the path, written once */
static _Atomic bool begun;

const char *hf_trace_option_path(void)
{
    /* Partner: the release in begin. */
    return atomic_load_explicit(&begun, memory_order_acquire) ? given : "";
}

static bool make_or_join(const char *path)
{
    return hf_trace_is_written(path)
               ? hf_trace_attach(path)
               : hf_trace_create(path, CAPACITY, HF_TRACE_WANTS_FINDINGS | HF_TRACE_WANTS_EVENTS);
}

static bool begin(hf_token path)
{
    char kept[PATH_SIZE] = "";
    char text[PATH_SIZE + 64]; /* what is too long for a path stays so */
    hf_buffer expanded = HF_BUFFER(text);
    memcpy(kept, path.text, path.length < PATH_SIZE ? path.length : PATH_SIZE - 1);
    hf_output_expand(&expanded, kept);
    if (!make_or_join(hf_buffer_end(&expanded)))
        return false;
    (void)hf_trace_guard(); /* if the program lets it; else a file that is cut off kills it */
    hf_trace_process_begins(HF_TRACE_STARTED, NULL);
    memcpy(given, kept, sizeof given);
    /* Release: the text.  Partner: the acquire in hf_trace_option_path. */
    atomic_store_explicit(&begun, true, memory_order_release);
    return true;
}

/* The same as before is no change. */
static bool is_path(hf_token path, const char *text)
{
    return strlen(text) == path.length && memcmp(text, path.text, path.length) == 0;
}

bool hf_trace_option_set(hf_token path)
{
    char reason[128];
    int length = path.length < 500 ? (int)path.length : 500;
    if (path.text == NULL || path.length == 0 || is_path(path, hf_trace_option_path()))
        return true;
    if (hf_trace_wants() != 0) {
        hf_tell_once("trace: a process writes one trace, so not '%.*s'", length, path.text);
        return false;
    }
    if (begin(path))
        return true;
    hf_tell_once("trace: cannot write to '%.*s': %s", length, path.text,
                 hf_os_error_text(hf_os_error(), reason, sizeof reason));
    return false;
}

void hf_trace_option_report(const hf_report *report)
{
    if (hf_trace_wants() != 0 && hf_trace_option_path()[0] != '\0')
        hf_trace_write_finding(report, NULL, false);
}

void hf_trace_option_exit(void)
{
    const hf_trace_exit totals = {.opened = HF_TRACE_UNCOUNTED,
                                  .closed = HF_TRACE_UNCOUNTED,
                                  .live = HF_TRACE_UNCOUNTED,
                                  .reports = HF_TRACE_UNCOUNTED};
    if (hf_trace_wants() != 0 && hf_trace_option_path()[0] != '\0')
        hf_trace_process_ends(&totals);
}
