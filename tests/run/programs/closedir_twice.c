/* The same with a directory.
 *
 * native: crashes
 * expect: double-close now=close_again closed=close_it opened=open_it
 * prints: refused */
#include "program.h"

STEP DIR *open_it(void)
{
    return opendir("/etc");
}

STEP int close_it(DIR *directory)
{
    return closedir(directory);
}

STEP int close_again(DIR *directory)
{
    return closedir(directory);
}

int main(void)
{
    DIR *directory = open_it();
    MUST(close_it(directory) == 0);
    puts(is_refused(close_again(directory)) ? "refused" : "not refused");
    return 0;
}
