/* Without the quarantine the thief cannot be told from an owner.  The victim can: its descriptor
 * was closed, and the stack of the close is the thief's.
 *
 * expect: double-close now=victim_closes closed=thief_closes_again opened=open_victim
 * run: --quarantine=0 -- */
#include "program.h"

STEP int open_it(void)
{
    return open("/etc/hostname", O_RDONLY);
}

STEP int open_victim(void)
{
    return open("/etc/passwd", O_RDONLY);
}

STEP void thief_closes(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP void thief_closes_again(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP void victim_closes(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    int descriptor = open_it();
    int victim;
    thief_closes(descriptor);
    victim = open_victim();
    MUST(victim == descriptor);
    thief_closes_again(descriptor);
    victim_closes(victim);
    return 0;
}
