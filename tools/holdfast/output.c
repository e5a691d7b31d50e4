/* Output. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "text.h"
#include "tool.h"

static int open_log(const char *pattern)
{
    char path[PATH_MAX];
    tool_expand(pattern, path, sizeof path);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
    if (descriptor < 0)
        tool_fail("cannot write '%s': %s", path, strerror(errno));
    return descriptor;
}

static bool is_for_colours(int descriptor)
{
    const char *terminal = getenv("TERM");
    return getenv("NO_COLOR") == NULL && isatty(descriptor) == 1 && terminal != NULL &&
           strcmp(terminal, "dumb") != 0;
}

void output_init(output *of, const options *from)
{
    uint32_t colour = from->numbers[OPTION_COLOR];
    of->json = from->numbers[OPTION_FORMAT] == FORMAT_JSON;
    of->descriptor = STDERR_FILENO;
    if (from->texts[OPTION_LOG_PATH] != NULL)
        of->descriptor = open_log(from->texts[OPTION_LOG_PATH]);
    else if (from->numbers[OPTION_QUIET] != 0)
        of->descriptor = -1;
    of->colour = colour == COLOR_ALWAYS || (colour == COLOR_AUTO && is_for_colours(of->descriptor));
}

void output_fini(output *of)
{
    if (of->descriptor > STDERR_FILENO)
        (void)close(of->descriptor);
}

/* The program may have made standard error non-blocking. */
static void write_all(int descriptor, const char *text, size_t length)
{
    while (descriptor >= 0 && length > 0) {
        struct pollfd ready = {.fd = descriptor, .events = POLLOUT};
        ssize_t written = write(descriptor, text, length);
        if (written < 0 && errno == EAGAIN)
            (void)poll(&ready, 1, 1000);
        else if (written < 0 && errno != EINTR)
            return;
        text += written > 0 ? written : 0;
        length -= written > 0 ? (size_t)written : 0;
    }
}

void output_write(output *of, const finding *found)
{
    char *text = NULL;
    size_t length;
    FILE *memory = open_memstream(&text, &length);
    if (memory == NULL)
        return;
    if (of->json)
        json_write(memory, found);
    else
        text_write(memory, found, of->colour);
    if (fclose(memory) == 0)
        write_all(of->descriptor, text, length);
    free(text);
}

void output_tell(output *of, const char *format, ...)
{
    char text[512];
    va_list arguments;
    if (of->json)
        return;
    int length = snprintf(text, sizeof text, "holdfast: ");
    va_start(arguments, format);
    length += vsnprintf(text + length, sizeof text - (size_t)length - 1, format, arguments);
    va_end(arguments);
    if ((size_t)length > sizeof text - 2)
        length = (int)sizeof text - 2;
    text[length++] = '\n';
    write_all(of->descriptor, text, (size_t)length);
}
