/* freopen that fails has closed the stream: fclose closes it twice.  (The C library keeps the
 * memory of such a stream, and most programs go on so; others' frees it.)  Not so with the standard
 * ones, which programs close when they exit whatever became of them.
 *
 * expect: double-close now=close_it closed=reopen_it opened=open_it label=/etc/hostname
 * run:
 * run: --leaks --
 * run: --quarantine=0 -- */
#include "program.h"

STEP FILE *open_it(void)
{
    return fopen("/etc/hostname", "r");
}

STEP void reopen_it(FILE *stream)
{
    MUST(freopen("/nonexistent", "r", stream) == NULL && errno == ENOENT);
}

STEP void close_it(FILE *stream)
{
    MUST(fclose(stream) == EOF);
}

int main(void)
{
    FILE *stream = open_it();
    MUST(stream != NULL);
    reopen_it(stream);
    close_it(stream);
    reopen_it(stdin);
    MUST(fclose(stdin) == EOF);
    return 0;
}
