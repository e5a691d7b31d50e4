/* Whether the end of the table is free, where the system gives numbers out last.  What is open
 * there without having been seen opened counts as free. */
#include "room.h"

#include <errno.h>
#include <sys/resource.h>

#include "numbers.h"
#include "opening.h"
#include "self.h"

enum { TAKEN_MAX = 16 };

bool run_is_room_for(unsigned count)
{
    struct rlimit limit;
    unsigned taken = 0;
    uint32_t seen = __atomic_load_n(&run_number_limit, __ATOMIC_RELAXED);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= seen + (rlim_t)count)
        return true;
    for (int number = (int)limit.rlim_cur - 1; count > 0 && number >= 0 && taken < TAKEN_MAX;
         number--) {
        run_number_state state = run_state_of(number);
        bool is_free = state == RUN_UNKNOWN || state == RUN_FREE;
        count -= is_free;
        taken += !is_free;
    }
    return count == 0;
}

void run_make_room_for(unsigned count)
{
    int saved = errno;
    unsigned tries = 0;
    while (run_is_on() && !run_is_confined() && !run_is_room_for(count)) {
        errno = EMFILE;
        if (!run_try_again(&tries))
            break;
    }
    errno = saved;
}
