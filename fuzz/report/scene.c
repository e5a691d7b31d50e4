#include "scene.h"

#include "harness.h"
#include "report/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROOM = 1 << 20, PATH = 64, HIGH = 200 };
enum { JSON = 1, COLOUR = 2, ONCE_ONLY = 4, SYMBOLS = 0xf0 };

/* Files without a name, which are gone when the process is; they are opened by way of /proc. */
static int logged = -1;
static int rules = -1;
static int kept_log = -1; /* a second descriptor of the log, while the first is taken away */
static char log_path[PATH];
static char found[ROOM];
static bool is_json;
static int lost = -1;           /* stands for standard error, */
static int standard_error = -1; /* which is kept here while the log is lost */

/* Where nobody else's descriptors come. */
static int make_file(const char *name)
{
    int low = memfd_create(name, MFD_CLOEXEC);
    int high = fcntl(low, F_DUPFD_CLOEXEC, HIGH);
    if (high < 0)
        fuzz_fail("memfd_create: %s", strerror(errno));
    (void)close(low);
    return high;
}

static void empty(int file)
{
    if (ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0)
        fuzz_fail("a file cannot be emptied: %s", strerror(errno));
}

void scene_prepare(void)
{
    logged = make_file("log");
    rules = make_file("rules");
    kept_log = fcntl(logged, F_DUPFD_CLOEXEC, HIGH);
    lost = make_file("lost");
    snprintf(log_path, sizeof(log_path), "/proc/self/fd/%d", logged);
}

static void set(const char *options)
{
    if (hf_set_options(options) != HF_OK)
        fuzz_fail("the options '%s' are refused", options);
}

/* Names cost a thousand times what all else does: they are looked up in few inputs. */
void scene_start(uint8_t options, uint8_t depth)
{
    static const char *const unwinders[] = {"auto", "fp", "auto", "unwinder"};
    char text[256];
    is_json = (options & JSON) != 0;
    empty(logged);
    snprintf(text, sizeof(text),
             "log_path=%s:suppressions='':all=report:format=%s:color=%s:print_all=%d:symbolize=%d:"
             "stack_depth=%d:unwind=%s",
             log_path, is_json ? "json" : "text", (options & COLOUR) != 0 ? "always" : "auto",
             (options & ONCE_ONLY) == 0, (options & SYMBOLS) == SYMBOLS, 1 + depth / 4,
             unwinders[depth % 4]);
    set(text);
}

/* What options keep is never given back while a process lives; this one gives it back. */
void scene_end(void)
{
    set("log_path=stderr:suppressions='':all=report:print_all=1");
    atomic_store(&hf_option_arena.used, 0);
}

void scene_lose_log(void)
{
    empty(lost);
    standard_error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, HIGH);
    (void)close(logged);
    (void)dup2(lost, STDERR_FILENO);
}

static void find_log_again(void)
{
    (void)dup2(standard_error, STDERR_FILENO);
    (void)close(standard_error);
    (void)dup3(kept_log, logged, O_CLOEXEC);
    standard_error = -1;
}

void scene_suppress(const char *glob)
{
    char text[2 * PATH];
    empty(rules);
    if (glob != NULL)
        dprintf(rules, "# none of these\ndouble-close:%s\n\nstale-use:%s\n", glob, glob);
    snprintf(text, sizeof(text), "suppressions=/proc/self/fd/%d", rules);
    set(text);
}

static size_t read_all(void)
{
    ssize_t size = pread(standard_error >= 0 ? lost : logged, found, ROOM - 1, 0);
    return size > 0 ? (size_t)size : 0;
}

/* One object a line, without a control character. */
static bool is_object(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < 0x20)
            return false;
    return length > 2 && strncmp(line, "{\"tool\":\"holdfast\"", 18) == 0 &&
           line[length - 1] == '}';
}

/* What is told of an address is an object as well, but no report. */
static bool has_kind(const char *line, size_t length)
{
    static const char key[] = "\"kind\":";
    return memmem(line, length, key, sizeof(key) - 1) != NULL;
}

/* Of text every report has a title, and as its last line a summary. */
static unsigned count_lines(const char *text, bool may_tell)
{
    static const char summary[] = "SUMMARY: Holdfast: ";
    unsigned count = 0;
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        if (may_tell && strncmp(text, "Holdfast: ", 10) == 0)
            continue; /* what the library tells of the log file */
        if (is_json && !is_object(text, (size_t)(end - text)))
            fuzz_fail("a report is not a JSON object on a line: %.200s", text);
        count += is_json ? has_kind(text, (size_t)(end - text))
                         : strncmp(text, summary, sizeof(summary) - 1) == 0;
    }
    if (*text != '\0')
        fuzz_fail("the last report has no end");
    return count;
}

unsigned scene_found(void)
{
    size_t size = read_all();
    bool was_lost = standard_error >= 0;
    found[size] = '\0';
    if (was_lost)
        find_log_again();
    empty(logged);
    return count_lines(found, was_lost);
}
