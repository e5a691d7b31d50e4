/* `holdfast report FILE`. */
#ifndef HOLDFAST_REPORT_COMMAND_H
#define HOLDFAST_REPORT_COMMAND_H

#include <stdio.h>

#include "history.h"
#include "symbols.h"

/* The command: argv[0] is "holdfast report", for messages.  Answers the exit status. */
int hf_report_command(int argc, char **argv);

/* Which processes and handles are asked for. */
typedef struct report_choice {
    bool has_process;
    uint32_t process; /* the system's id */
    bool has_descriptor;
    uint64_t descriptor; /* the value of a handle of a descriptor */
    bool has_handle;
    uint64_t handle; /* a handle, or a value of any type */
} report_choice;

/* The findings, one after the other, as text or a JSON object a line.  False: out of memory. */
bool report_findings(hf_reader *reader, symbols *names, const report_choice *choice, bool json,
                     FILE *to);

/* The lives that were asked for, the same way. */
void report_lives(const hf_history *history, symbols *names, const report_choice *choice, bool json,
                  FILE *to);

/* The whole trace for Perfetto and Chrome. */
void report_perfetto(const hf_history *history, symbols *names, FILE *to);

/* The whole trace as a page for a browser.  `path`: the trace's.  False: out of memory. */
bool report_html(const hf_history *history, symbols *names, const char *path, FILE *to);

#endif
