/* `holdfast report FILE`. */
#ifndef HOLDFAST_REPORT_COMMAND_H
#define HOLDFAST_REPORT_COMMAND_H

/* The command: argv[0] is "report", or "holdfast report", for messages.  Answers the exit status.
 */
int hf_report_command(int argc, char **argv);

#endif
