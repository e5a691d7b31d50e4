/* Paths, messages and environments at addresses that are none: the system's answer is the
 * program's, also where the directory's descriptor is closed.
 *
 * expect: nothing
 * run: alone
 * run: among_threads
 * run: --quarantine=0 -- among_threads */
#include "program.h"
#include <sys/mman.h>
#include <sys/socket.h>

static bool is_fault(long result)
{
    return result == -1 && errno == EFAULT;
}

static void use_paths(int directory, const char *path)
{
    struct stat status;
    char text[16];
    MUST(is_fault(fstatat(directory, path, &status, 0)));
    MUST(is_fault(faccessat(directory, path, F_OK, 0)));
    MUST(is_fault(mkdirat(directory, path, 0700)));
    MUST(is_fault(unlinkat(directory, path, 0)));
    MUST(is_fault(readlinkat(directory, path, text, sizeof text)));
    MUST(is_fault(renameat(directory, path, directory, path)));
    MUST(is_fault(openat(directory, path, O_RDONLY)));
}

static void receive(void *nowhere)
{
    int ends[2];
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
    MUST(write(ends[0], "x", 1) == 1);
    MUST(is_fault(recvmsg(ends[1], nowhere, 0)));
    MUST(is_fault(recvmmsg(ends[1], nowhere, 1, 0, NULL)));
    MUST(is_fault(sendmsg(ends[0], nowhere, 0)));
    MUST(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void execute(int directory, void *nowhere)
{
    char *arguments[] = {(char[]){"true"}, NULL};
    MUST(is_fault(execve(nowhere, arguments, environ)));
    MUST(is_fault(execveat(directory, nowhere, arguments, environ, 0)));
    MUST(is_fault(execve("/bin/true", arguments, nowhere)));
}

int main(int count, char **arguments)
{
    int directory = open("/", O_RDONLY | O_DIRECTORY);
    int closed = open("/", O_RDONLY | O_DIRECTORY);
    void *nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(directory > 2 && nowhere != MAP_FAILED && close(closed) == 0);
    if (strcmp(arguments[count - 1], "among_threads") == 0)
        start_idle_thread();
    use_paths(directory, nowhere);
    use_paths(closed, nowhere);
    receive(nowhere);
    execute(directory, nowhere);
    return 0;
}
