/* Something else is opened where a standard descriptor was closed. */
#ifndef RUN_STANDARD_H
#define RUN_STANDARD_H

#include <holdfast/handle.h>

#include "core/event.h"

/* `opened` is the new life, `before` the one that the program closed. */
void run_standard_opened(int descriptor, hf_handle opened, hf_handle before, const char *operation,
                         hf_site site);

#endif
