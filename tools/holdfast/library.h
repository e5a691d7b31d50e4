/* Where the library is that programs are to preload. */
#ifndef TOOL_LIBRARY_H
#define TOOL_LIBRARY_H

#include <stddef.h>

/* Its absolute path: that of the environment's HOLDFAST_RUN_LIBRARY, or where it lies beside this
 * program, built or installed.  If there is none the tool ends. */
void library_find(char *path, size_t size);

#endif
