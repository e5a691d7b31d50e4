/* Messages of the tool's own. */
#include "tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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
