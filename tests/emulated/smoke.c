/* What the library and what is preloaded do by assembler, or by what machines pass in ways of their
 * own.  It is built for another machine than the one that emulates it: see check.
 *
 * Exit status 0: all of it holds.  Under `holdfast run` one descriptor is closed twice. */
#include <holdfast/holdfast.h>
#include <holdfast/posix.h>

#include "program.h"

#include <dlfcn.h>
#include <netdb.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* The caller's frame is still whole when both have returned, also where one is in the other. */
static void fork_on_this_stack(void)
{
    volatile int kept = 7;
    pid_t child = vfork();
    if (child == 0) {
        pid_t inner = vfork();
        if (inner == 0)
            _exit(3);
        _exit(inner > 0 && status_of(inner) == 3 ? 5 : 6);
    }
    MUST(child > 0 && status_of(child) == 5 && kept == 7);
}

/* The arguments arrive: six of them, and where the child shares this stack. */
static void call_by_number(void)
{
    long page = sysconf(_SC_PAGESIZE);
    long memory = syscall(SYS_mmap, 0L, page, (long)(PROT_READ | PROT_WRITE),
                          (long)(MAP_PRIVATE | MAP_ANONYMOUS), -1L, 0L);
    MUST(memory != -1 && munmap((void *)memory, (size_t)page) == 0);
    volatile pid_t told = 0;
    long child = syscall(SYS_clone, (long)(CLONE_VM | CLONE_VFORK | CLONE_CHILD_SETTID | SIGCHLD),
                         0L, 0L, 0L, (long)&told);
    if (child == 0)
        _exit(told == getpid() ? 4 : 5);
    MUST(child > 0 && status_of((pid_t)child) == 4);
    MUST(syscall(SYS_close, -1L) == -1 && errno == EBADF);
}

static void look_up(void)
{
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    void *module = dlopen("libm.so.6", RTLD_NOW);
    MUST(module != NULL && dlsym(module, "cos") != NULL && dlclose(module) == 0);
    MUST(getaddrinfo("127.0.0.1", "80", &hints, &found) == 0 && found != NULL);
    freeaddrinfo(found);
}

static void jump(void)
{
    sigjmp_buf here;
    volatile int times = 0;
    if (sigsetjmp(here, 1) == 0) {
        times++;
        siglongjmp(here, 2);
    }
    MUST(times == 1);
}

/* More arguments than there are registers for, and the environment behind them. */
static void execute(void)
{
    char *environment[] = {(char[]){"A=1"}, NULL};
    pid_t child = fork();
    if (child == 0) {
        (void)execle("/bin/sh", "sh", "-c", "test \"$A$1$6\" = 1one6", "zero", "one", "2", "3", "4",
                     "5", "6", (char *)NULL, environment);
        _exit(9);
    }
    MUST(child > 0 && status_of(child) == 0);
}

/* A handle by count, then by hazard, which takes the barrier when it is closed. */
static void use_handles(void)
{
    hf_table *table;
    hf_handle file;
    hf_region region;
    char byte = 1;
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    MUST(hf_table_create(NULL, &table) == HF_OK);
    MUST(hf_open(table, &hf_type_fd, hf_fd_value(fd), NULL, &file) == HF_OK);
    for (int i = 0; i < 5000; i++) {
        MUST(hf_enter(table, file, &hf_type_fd, &region) == HF_OK);
        MUST(i % 1000 != 0 || read(hf_value_fd(region.value), &byte, 1) == 1);
        hf_leave(&region);
    }
    MUST(hf_close(table, file, NULL) == HF_OK);
    MUST(hf_enter(table, file, &hf_type_fd, &region) == HF_E_STALE_HANDLE);
    hf_table_destroy(table);
}

STEP void close_again(int descriptor)
{
    (void)close(descriptor);
}

int main(void)
{
    int descriptor = open("/dev/null", O_RDONLY);
    fork_on_this_stack();
    call_by_number();
    look_up();
    jump();
    execute();
    use_handles();
    MUST(close(descriptor) == 0);
    close_again(descriptor);
    return 0;
}
