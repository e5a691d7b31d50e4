/* Room for descriptors that the wrapper's function is going to open where a second try is not
 * possible: because it has done other things by then, or fails without saying so. */
#ifndef RUN_ROOM_H
#define RUN_ROOM_H

#include <stdbool.h>

/* Whether so many numbers are free for certain. */
bool run_is_room_for(unsigned count);

/* If not, the quarantine gives way.  Nothing in a process that has given up system calls.  Keeps
 * errno. */
void run_make_room_for(unsigned count);

#endif
