/* Where findings are written to: standard error, or a file of the tool's own. */
#ifndef TOOL_OUTPUT_H
#define TOOL_OUTPUT_H

#include <stdbool.h>

#include "finding.h"
#include "options.h"

typedef struct output {
    int descriptor; /* -1: nothing is written */
    bool colour;
    bool json;
} output;

/* Opens the file, if the options name one.  What cannot be opened ends the tool. */
void output_init(output *of, const options *from);
void output_fini(output *of);

/* Each is written as a whole. */
void output_write(output *of, const finding *found);

/* A line of the tool's own: "holdfast: ...".  Not among lines of JSON. */
void output_tell(output *of, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
