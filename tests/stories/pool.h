/* The pool: connections for everybody in the process.  With Holdfast a connection is a handle. */
#ifndef STORY_POOL_H
#define STORY_POOL_H

#ifdef WITH_HOLDFAST
#include <holdfast/handle.h>
typedef hf_handle connection;
#else
typedef struct raw_connection *connection;
#endif

void pool_start(void);
connection pool_take(void);
void pool_give_back(connection taken);

#endif
