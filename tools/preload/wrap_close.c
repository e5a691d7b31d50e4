/* close, close_range, closefrom. */
#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <unistd.h>

#include "closing.h"
#include "quarantine.h"
#include "real.h"
#include "self.h"
#include "tombstone.h"

RUN_EXPORT int close(int descriptor)
{
    return run_close(descriptor, "close");
}

RUN_EXPORT int __close(int descriptor);
RUN_EXPORT int __close(int descriptor)
{
    return run_close(descriptor, "close");
}

/* ---- many ----------------------------------------------------------------------------------- */

static void end_lives(unsigned first, unsigned last, const char *operation, hf_site site)
{
    unsigned limit = __atomic_load_n(&run_number_limit, __ATOMIC_RELAXED);
    for (unsigned number = first; number <= last && number < limit; number++)
        if (run_state_of((int)number) != RUN_UNKNOWN)
            run_closing_swept((int)number, operation, site);
}

RUN_DECLARE_REAL(int, close_range, (unsigned first, unsigned last, int flags))

/* All but holdfast's own. */
static int close_all(unsigned first, unsigned last, int flags)
{
    int own = run_tombstone_source();
    if (own < 0 || (unsigned)own < first || (unsigned)own > last)
        return RUN_REAL(close_range)(first, last, flags);
    int result = 0;
    if ((unsigned)own > first)
        result = RUN_REAL(close_range)(first, (unsigned)own - 1, flags);
    if ((unsigned)own < last && result == 0)
        result = RUN_REAL(close_range)((unsigned)own + 1, last, flags);
    return result;
}

/* Whether the system closes ranges at all: asked before the lives are ended. */
static bool can_close_ranges(void)
{
    return RUN_REAL(close_range) != NULL && RUN_REAL(close_range)(UINT_MAX, UINT_MAX, 0) == 0;
}

RUN_EXPORT int close_range(unsigned first, unsigned last, int flags)
{
    const unsigned known = CLOSE_RANGE_UNSHARE;
    if (!run_has_numbers() || first > last || ((unsigned)flags & ~known) != 0 ||
        !can_close_ranges())
        return RUN_REAL(close_range)(first, last, flags);
    int saved = errno;
    end_lives(first, last, "close_range", RUN_CALLER_SITE());
    int result = close_all(first, last, flags);
    if (result == 0)
        errno = saved;
    return result;
}

RUN_WRAP(void, closefrom, (int first))
{
    unsigned from = first > 0 ? (unsigned)first : 0;
    int saved = errno;
    if (run_has_numbers()) {
        end_lives(from, UINT_MAX, "closefrom", RUN_CALLER_SITE());
        if (can_close_ranges() && close_all(from, UINT_MAX, 0) == 0) {
            errno = saved;
            return;
        }
        errno = saved;
    }
    RUN_REAL(closefrom)(first);
}
