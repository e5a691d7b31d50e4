/* A history as the page reads it: one JSON object.  The page's script (page/data.js) is the other
 * side of this. */
#ifndef TOOL_PAGE_DATA_H
#define TOOL_PAGE_DATA_H

#include <stdbool.h>
#include <stdio.h>

#include "history.h"
#include "symbols.h"

/* False: out of memory. */
bool page_data_write(const hf_history *history, symbols *names, const char *path, FILE *to);

#endif
