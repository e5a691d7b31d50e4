/* freopen of a standard stream, of a file's, and back again.
 *
 * expect: nothing
 * run:
 * run: --leaks --
 * run: --quarantine=0 -- */
#include "program.h"

int main(void)
{
    char line[64];
    FILE *stream = fopen("/etc/hostname", "r");
    int saved = dup(1);
    MUST(freopen("output", "w", stdout) == stdout);
    puts("into the file");
    MUST(fflush(stdout) == 0);
    MUST(dup2(saved, 1) == 1);
    MUST(close(saved) == 0);
    MUST(freopen("output", "r", stream) == stream);
    MUST(fgets(line, sizeof line, stream) != NULL);
    (void)fputs(line, stdout);
    MUST(freopen("/etc/passwd", "r", stream) == stream);
    MUST(fclose(stream) == 0);
    MUST(freopen("/dev/null", "r", stdin) == stdin);
    return 0;
}
