/* The list of descriptors is what it would be without the tool.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 -- */
#include "program.h"

static void list(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    int count = 0;
    MUST(directory != NULL);
    while ((entry = readdir(directory)) != NULL)
        count += entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory);
    printf("%s: %d\n", path, count);
    MUST(closedir(directory) == 0);
}

int main(void)
{
    int opened[10];
    list("/proc/self/fd");
    for (int i = 0; i < 10; i++)
        opened[i] = open("/etc/hostname", O_RDONLY);
    list("/dev/fd");
    for (int i = 0; i < 7; i++)
        MUST(close(opened[i]) == 0);
    list("/proc/self/fd");
    list("/proc/self/fdinfo");
    (void)fflush(stdout);
    MUST(system("ls /proc/self/fd | wc -l") == 0);
    return 0;
}
