/* close of a command's pipe, which pclose owns; pclose still answers the command's status.
 *
 * expect: foreign-close now=close_raw opened=open_command */
#include "program.h"

STEP FILE *open_command(void)
{
    return popen("exit 5", "r");
}

STEP void close_raw(FILE *stream)
{
    MUST(close(fileno(stream)) == 0);
}

int main(void)
{
    FILE *stream = open_command();
    close_raw(stream);
    printf("%d\n", pclose(stream));
    return 0;
}
