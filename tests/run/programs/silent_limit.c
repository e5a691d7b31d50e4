/* Opens until there is no room, several times: as many as without the tool, and the same error.
 *
 * expect: nothing
 * run: 64
 * run: 300
 * run: 1024
 * run: --quarantine=0 -- 64
 * run: --quarantine=5000 -- 300
 * run: --trace=trace -- 64 */
#include "program.h"
#include <sys/resource.h>
#include <sys/socket.h>

static int opened[2000];

static int fill(void)
{
    int count = 0;
    while ((opened[count] = open("/etc/hostname", O_RDONLY)) >= 0)
        count++;
    MUST(errno == EMFILE);
    return count;
}

int main(int count, char **arguments)
{
    rlim_t most = (rlim_t)atoi(arguments[count - 1]);
    struct rlimit limit = {most, most};
    int ends[2];
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (int round = 0; round < 3; round++) {
        int filled = fill();
        printf("%d\n", filled);
        MUST(socket(AF_UNIX, SOCK_STREAM, 0) == -1 && errno == EMFILE);
        MUST(pipe(ends) == -1 && errno == EMFILE);
        MUST(dup(0) == -1 && errno == EMFILE);
        MUST(fopen("/etc/hostname", "r") == NULL && errno == EMFILE);
        MUST(opendir("/etc") == NULL && errno == EMFILE);
        MUST(dup2(0, opened[0]) == opened[0]);
        MUST(close(opened[0]) == 0 && (opened[0] = dup(0)) >= 0);
        for (int i = 0; i < filled; i++)
            MUST(close(opened[i]) == 0);
    }
    MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    printf("%d %d\n", (int)limit.rlim_cur, (int)limit.rlim_max);
    return 0;
}
