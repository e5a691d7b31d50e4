/* The command `holdfast`. */
#include <argp.h>
#include <string.h>

#include "report.h"
#include "tool.h"

const char *argp_program_version = "holdfast " HOLDFAST_VERSION;

typedef struct command {
    const char *name;
    char *title; /* for messages */
    int (*call)(int argc, char **argv);
} command;

static char run_title[] = "holdfast run";
static char report_title[] = "holdfast report";

static const command commands[] = {
    {"run", run_title, command_run},
    {"report", report_title, hf_report_command},
};

static const char documentation[] =
    "Finds double closes, recycled descriptors and leaks in programs as they are."
    "\v"
    "Commands:\n\n"
    "  run      run a program, and tell what it does wrong\n"
    "  report   print what a trace has, as text, JSON or a page\n\n"
    "Examples:\n\n"
    "  holdfast run ./program --its-option\n"
    "  holdfast run --trace=run.trace ./program\n"
    "  holdfast report run.trace --descriptor=5\n\n"
    "holdfast COMMAND --help lists a command's options; see also holdfast(1).";

/* Reads what stands before the command. */
static error_t take(int key, char *argument, struct argp_state *state)
{
    const command **chosen = state->input;
    if (key == ARGP_KEY_NO_ARGS)
        argp_error(state, "no command is given: run or report");
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argument, commands[i].name) == 0)
            *chosen = &commands[i];
    }
    if (*chosen == NULL)
        argp_error(state, "there is no command '%s': run or report", argument);
    state->next = state->argc;
    return 0;
}

int main(int argc, char **argv)
{
    static const struct argp parser = {NULL, take, "run|report ...", documentation, NULL,
                                       NULL, NULL};
    const command *chosen = NULL;
    int at = 1;
    argp_err_exit_status = TOOL_FAILED;
    if (argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, &chosen) != 0 || chosen == NULL)
        return TOOL_FAILED;
    while (strcmp(argv[at], chosen->name) != 0)
        at++;
    argv[at] = chosen->title;
    return chosen->call(argc - at, argv + at);
}
