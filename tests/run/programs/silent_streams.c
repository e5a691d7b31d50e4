/* Streams and directories by the thousand, properly closed, in a few manners.
 *
 * expect: nothing
 * run:
 * run: --leaks --
 * run: --quarantine=0 --
 * run: --trace=trace -- */
#include "program.h"

static void one(int i)
{
    FILE *stream =
        i % 3 == 0 ? fopen("/etc/hostname", "r") : fdopen(open("/etc/hostname", O_RDONLY), "r");
    DIR *directory;
    FILE *scratch;
    MUST(stream != NULL && fgetc(stream) != EOF);
    directory = opendir("/etc");
    MUST(directory != NULL && readdir(directory) != NULL);
    MUST(fclose(stream) == 0);
    MUST(closedir(directory) == 0);
    if (i % 50 == 0) {
        scratch = tmpfile();
        MUST(scratch != NULL && fputs("x", scratch) >= 0 && fclose(scratch) == 0);
        MUST(system("exit 3") == 3 << 8);
        scratch = popen("cat >/dev/null", "w");
        MUST(scratch != NULL && fputs("x", scratch) >= 0 && pclose(scratch) == 0);
    }
}

int main(void)
{
    char text[] = "text";
    FILE *memory = fmemopen(text, sizeof text, "r");
    for (int i = 0; i < 2000; i++)
        one(i);
    MUST(memory != NULL && fclose(memory) == 0);
    return 0;
}
