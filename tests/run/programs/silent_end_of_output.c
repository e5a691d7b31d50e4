/* At its end a program closes its standard streams, to learn of write errors.
 *
 * expect: nothing
 * run: fclose
 * run: all */
#include "program.h"

int main(int count, char **arguments)
{
    const char *how = arguments[count - 1];
    puts(how);
    if (strcmp(how, "all") == 0) {
        MUST(fclose(stdin) == 0);
        MUST(fclose(stdout) == 0);
        _exit(fclose(stderr));
    }
    MUST(fclose(stdout) == 0);
    _exit(fclose(stderr));
}
