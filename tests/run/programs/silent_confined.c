/* A program that forbids itself the system calls it does not need, once by an error, once by death:
 * the tool may not call more than the program would.
 *
 * expect: nothing
 * run: error
 * run: death
 * run: death by_number
 * skip-flavours: address thread */
#include "program.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define ALLOW(name)                                        \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static bool by_number;

static void confine(unsigned otherwise)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(read),
        ALLOW(write),
        ALLOW(close),
        ALLOW(openat),
        ALLOW(accept),
        ALLOW(accept4),
#ifdef SYS_poll
        ALLOW(poll),
#else
        ALLOW(ppoll),
#endif
        ALLOW(pselect6),
        ALLOW(newfstatat),
        ALLOW(getdents64),
        ALLOW(brk),
        ALLOW(getrandom),
        ALLOW(mmap),
        ALLOW(exit_group),
        ALLOW(rt_sigreturn),
        BPF_STMT(BPF_RET | BPF_K, otherwise),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    if (by_number)
        MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
    else
        MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* A connection waits for it. */
static int make_listener(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX}; /* a name of the system's choice */
    socklen_t size = sizeof address;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    MUST(bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0);
    MUST(listen(listener, 1) == 0);
    MUST(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    MUST(connect(client, (struct sockaddr *)&address, size) == 0);
    return listener;
}

/* Other entries than the program's own descriptors were none of the tool's. */
static void list_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    MUST(directory != NULL && readdir(directory) != NULL);
    MUST(closedir(directory) == 0);
}

/* The tool looks at such sets first. */
static void wait_for(int readable, void *memory)
{
    fd_set *set = memory;
    struct pollfd *one = memory;
    FD_SET(readable, set);
    MUST(pselect(readable + 1, set, NULL, NULL, NULL, NULL) == 1);
    *one = (struct pollfd){.fd = readable, .events = POLLIN};
    MUST(poll(one, 1, -1) == 1);
}

int main(int count, char **arguments)
{
    int listener = make_listener();
    int opened[20];
    char byte;
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(memory != MAP_FAILED);
    for (int i = 0; i < 20; i++)
        opened[i] = open("/etc/hostname", O_RDONLY);
    MUST(close(opened[19]) == 0);
    by_number = count > 2;
    confine(strcmp(arguments[1], "death") == 0 ? SECCOMP_RET_KILL_PROCESS
                                               : SECCOMP_RET_ERRNO | EPERM);
    for (int i = 0; i < 19; i++) {
        MUST(read(opened[i], &byte, 1) == 1);
        MUST(close(opened[i]) == 0);
        MUST((opened[i] = open("/etc/hostname", O_RDONLY)) > 2);
    }
    wait_for(listener, memory);
    MUST(close(accept(listener, NULL, NULL)) == 0);
    list_descriptors();
    MUST(write(1, "done\n", 5) == 5);
    _exit(0);
}
