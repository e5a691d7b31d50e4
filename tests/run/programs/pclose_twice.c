/* And with a command.
 *
 * native: crashes
 * expect: double-close now=close_again closed=close_it opened=open_it
 * prints: refused */
#include "program.h"

STEP FILE *open_it(void)
{
    return popen("exit 3", "r");
}

STEP int close_it(FILE *stream)
{
    return pclose(stream);
}

STEP int close_again(FILE *stream)
{
    return pclose(stream);
}

int main(void)
{
    FILE *stream = open_it();
    MUST(WEXITSTATUS(close_it(stream)) == 3);
    puts(close_again(stream) == -1 ? "refused" : "not refused");
    return 0;
}
