/* What the wrappers of opening calls have in common. */
#ifndef RUN_OPENING_H
#define RUN_OPENING_H

#include "listings.h"
#include "numbers.h"
#include "quarantine.h"
#include "returns.h"

/* After a call failed, whether to try it once more: for want of descriptors, of which the
 * quarantine has given some.  First the tombstones' numbers, then the source's, as what wants two
 * may need both; no more often, since other threads may fill the quarantine meanwhile. */
static inline bool run_try_again(unsigned *tries)
{
    return (*tries)++ < 2 && run_quarantine_made_room();
}

#define RUN_TRY(result, call)                           \
    do {                                                \
        unsigned tries_ = 0;                            \
        do                                              \
            (result) = (call);                          \
        while ((result) < 0 && run_try_again(&tries_)); \
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
        opened_ = run_opened_of_path(opened_, (path));            \
        run_opened_path(opened_, (operation), (path));            \
        if (((flags)&O_ACCMODE) != O_RDONLY)                      \
            run_opened_to_write(opened_);                         \
        return opened_;                                           \
    } while (0)

#endif
