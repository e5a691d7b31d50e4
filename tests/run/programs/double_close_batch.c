/* Three closed again in a row, as when a clean-up function is called twice: a batch, no loop over
 * the whole table.
 *
 * expect: double-close now=close_all_of_mine closed=close_all_of_mine opened=open_three times=1..3
 */
#include "program.h"

static int mine[3];

STEP void open_three(void)
{
    for (int i = 0; i < 3; i++)
        mine[i] = open("/etc/hostname", O_RDONLY);
}

STEP void close_all_of_mine(void)
{
    for (int i = 0; i < 3; i++)
        (void)close(mine[i]);
}

int main(void)
{
    open_three();
    close_all_of_mine();
    close_all_of_mine();
    MUST(access("/", F_OK) == 0);
    return 0;
}
