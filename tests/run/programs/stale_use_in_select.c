/* select() looks at no more of its sets than the system: its end may be the limit of descriptors,
 * which lies far beyond them.
 *
 * expect: stale-use now=select_closed closed=close_it */
#include "program.h"
#include <sys/mman.h>
#include <sys/select.h>

enum { PAGE = 4096 };

STEP void close_it(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP int select_closed(fd_set *set, struct timeval *timeout)
{
    return select(1000000, NULL, set, NULL, timeout);
}

int main(void)
{
    struct timeval none = {0, 0};
    int opened = open("/dev/null", O_RDWR);
    char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    fd_set *set = (fd_set *)(void *)(pages + PAGE) - 1;
    MUST(pages != MAP_FAILED && mprotect(pages + PAGE, PAGE, PROT_NONE) == 0);
    FD_SET(opened, set);
    MUST(select_closed(set, &none) == 1 && FD_ISSET(opened, set));
    close_it(opened);
    MUST(is_refused(select_closed(set, &none)) && FD_ISSET(opened, set));
    return 0;
}
