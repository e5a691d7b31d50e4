#include "scene.h"

#include "harness.h"
#include "report/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM = 1 << 20, PATH = 64 };
enum { JSON = 1, COLOUR = 2, ONCE_ONLY = 4, SYMBOLS = 0xf0 };

static char directory[] = "/tmp/holdfast-report-XXXXXX";
static char log_path[PATH];
static char rules_path[PATH];
static char found[ROOM];
static bool is_json;
static int lost = -1;           /* stands for standard error, */
static int standard_error = -1; /* which is kept here while the log is lost */

static void remove_files(void)
{
    (void)unlink(log_path);
    (void)rmdir(log_path);
    (void)unlink(rules_path);
    (void)rmdir(directory);
}

void scene_prepare(void)
{
    if (mkdtemp(directory) == NULL)
        fuzz_fail("mkdtemp: %s", strerror(errno));
    snprintf(log_path, sizeof(log_path), "%s/log", directory);
    snprintf(rules_path, sizeof(rules_path), "%s/rules", directory);
    lost = memfd_create("lost", MFD_CLOEXEC);
    (void)atexit(remove_files);
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
    (void)unlink(log_path);
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
    (void)unlink(log_path);
    if (mkdir(log_path, 0700) != 0 || ftruncate(lost, 0) != 0 || lseek(lost, 0, SEEK_SET) != 0)
        fuzz_fail("the log file cannot be taken away: %s", strerror(errno));
    standard_error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    (void)dup2(lost, STDERR_FILENO);
}

static void find_log_again(void)
{
    (void)dup2(standard_error, STDERR_FILENO);
    (void)close(standard_error);
    (void)rmdir(log_path);
    standard_error = -1;
}

void scene_suppress(const char *glob)
{
    char text[PATH + 16];
    FILE *rules = fopen(rules_path, "w");
    if (rules == NULL)
        fuzz_fail("no file can be written: %s", strerror(errno));
    if (glob != NULL)
        fprintf(rules, "# none of these\ndouble-close:%s\n\nstale-use:%s\n", glob, glob);
    (void)fclose(rules);
    snprintf(text, sizeof(text), "suppressions=%s", rules_path);
    set(text);
}

bool scene_is_json(void)
{
    return is_json;
}

static size_t read_all(void)
{
    int file = standard_error >= 0 ? fcntl(lost, F_DUPFD_CLOEXEC, 0)
                                   : open(log_path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t size = pread(file, found, ROOM - 1, 0);
    (void)close(file);
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

/* Of text every report has a title, and as its last line a summary. */
static unsigned count_lines(const char *text)
{
    static const char summary[] = "SUMMARY: Holdfast: ";
    unsigned count = 0;
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        if (standard_error >= 0 && strncmp(text, "Holdfast: ", 10) == 0)
            continue; /* what the library tells of the log file */
        if (is_json && !is_object(text, (size_t)(end - text)))
            fuzz_fail("a report is not a JSON object on a line: %.200s", text);
        count += is_json || strncmp(text, summary, sizeof(summary) - 1) == 0;
    }
    if (*text != '\0')
        fuzz_fail("the last report has no end");
    return count;
}

unsigned scene_found(void)
{
    size_t size = read_all();
    found[size] = '\0';
    unsigned count = 0;
    if (standard_error >= 0)
        find_log_again();
    count = count_lines(found);
    (void)truncate(log_path, 0);
    return count;
}
