/* Sets of descriptors among the program's data, on its heap and on its stack, where it has
 * forbidden itself to read: the system's answer is the program's, however it has done that.
 *
 * expect: nothing
 * run: 0
 * run: 1
 * run: 2 */
#include "program.h"
#include <poll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { PAGE = 4096 };

static char data[2 * PAGE] = {1};
static char none[2 * PAGE];
static int ends[2];

static char *page_of(char *memory)
{
    return memory + (PAGE - (uintptr_t)memory % PAGE) % PAGE;
}

static void protect(char *page, int how, int protection)
{
    if (how == 0)
        MUST(mprotect(page, PAGE, protection) == 0);
    else if (how == 1)
        MUST(syscall(SYS_mprotect, page, PAGE, protection) == 0);
    else if (pkey_mprotect(page, PAGE, protection, -1) != 0)
        MUST(errno == ENOSYS && mprotect(page, PAGE, protection) == 0);
}

static bool is_fault(long result)
{
    return result == -1 && errno == EFAULT;
}

static void use(char *page)
{
    void *set = page;
    MUST(is_fault(poll(set, 1, -1)));
    MUST(is_fault(select(64, set, NULL, NULL, NULL)));
    MUST(is_fault(recvmsg(ends[0], set, 0)));
}

static void forbid_and_use(char *memory, int how)
{
    char *page = page_of(memory);
    struct pollfd *set = (struct pollfd *)(void *)page;
    *set = (struct pollfd){.fd = ends[1], .events = POLLOUT};
    MUST(poll(set, 1, -1) == 1);
    protect(page, how, PROT_NONE);
    use(page);
    protect(page, how, PROT_READ | PROT_WRITE);
    MUST(poll(set, 1, -1) == 1);
}

int main(int count, char **arguments)
{
    char stack[2 * PAGE];
    int how = atoi(arguments[count - 1]);
    char *heap = malloc(2 * PAGE);
    MUST(heap != NULL && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    start_idle_thread();
    forbid_and_use(how == 0 ? data : how == 1 ? heap : stack, how);
    forbid_and_use(none, how);
    forbid_and_use(heap, how);
    forbid_and_use(stack, how);
    free(heap);
    return 0;
}
