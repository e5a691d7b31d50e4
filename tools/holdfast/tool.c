/* Messages of the tool's own. */
#include "tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void tell(const char *format, va_list arguments)
{
    fprintf(stderr, "holdfast: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
}

void tool_tell(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(format, arguments);
    va_end(arguments);
}

void tool_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(format, arguments);
    va_end(arguments);
    exit(TOOL_FAILED);
}

void tool_expand(const char *pattern, char *path, size_t size)
{
    size_t length = 0;
    for (const char *at = pattern; *at != '\0' && length + 1 < size; at++) {
        if (at[0] == '%' && at[1] == 'p') {
            int written = snprintf(path + length, size - length, "%ld", (long)getpid());
            length += written > 0 ? (size_t)written : 0;
            at++;
        } else {
            path[length++] = *at;
        }
    }
    path[length < size ? length : size - 1] = '\0';
}
