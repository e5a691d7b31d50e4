/* What the wrappers of opening calls have in common. */
#ifndef RUN_OPENING_H
#define RUN_OPENING_H

#include "numbers.h"
#include "quarantine.h"
#include "real.h"

/* The call, and once more if it failed for want of a descriptor that the quarantine could give. */
#define RUN_TRY(result, call)                           \
    do {                                                \
        (result) = (call);                              \
        if ((result) < 0 && run_quarantine_made_room()) \
            (result) = (call);                          \
    } while (0)

/* The body of a wrapper whose result is the descriptor, or -1. */
#define RUN_OPENING(name, arguments, operation, what)  \
    do {                                               \
        int opened_;                                   \
        RUN_TRY(opened_, RUN_REAL(name) arguments);    \
        run_opened_path(opened_, (operation), (what)); \
        return opened_;                                \
    } while (0)

/* The same where `flags` tell how a file is opened. */
#define RUN_OPENING_FILE(name, arguments, operation, path, flags) \
    do {                                                          \
        int opened_;                                              \
        RUN_TRY(opened_, RUN_REAL(name) arguments);               \
        run_opened_path(opened_, (operation), (path));            \
        if (((flags)&O_ACCMODE) != O_RDONLY)                      \
            run_opened_to_write(opened_);                         \
        return opened_;                                           \
    } while (0)

#endif
