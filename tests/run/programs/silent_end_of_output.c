/* At its end a program closes its standard streams, to learn of write errors.
 *
 * expect: nothing
 * run: fclose
 * run: close_and_fclose
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
    if (strcmp(how, "fclose") == 0) {
        MUST(fclose(stdout) == 0);
        _exit(fclose(stderr));
    }
    (void)fflush(stdout);
    MUST(close(1) == 0);
    _exit(fclose(stdout) == EOF ? 0 : 1);
}
