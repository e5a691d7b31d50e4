/* Who writes to a trace that is there already. */
#ifndef TOOL_WRITERS_H
#define TOOL_WRITERS_H

/* Ends the tool if a process writes to the file, in memory shared with it: that is not to be taken
 * away from it.  Nothing if there is no such file, or the system does not tell. */
void writers_refuse(const char *path);

#endif
