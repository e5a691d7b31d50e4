/* Looking up what the wrappers stand in front of. */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>

#include "next.h"
#include "self.h"

void *run_find_real(const char *name)
{
    int saved = errno;
    run_self.inside++; /* what the look-up calls itself is not the program's */
    void *found = dlsym(RTLD_NEXT, name);
    run_self.inside--;
    errno = saved;
    return found;
}

/* Defined by the linker. */
extern run_real_function __start_run_reals[] __attribute__((visibility("hidden")));
extern run_real_function __stop_run_reals[] __attribute__((visibility("hidden")));

void run_find_all_real(void)
{
    run_objects next;
    run_objects_find(&next);
    for (run_real_function *each = __start_run_reals; each < __stop_run_reals; each++) {
        void *found = run_objects_search(&next, each->symbol);
        __atomic_store_n(&each->found, found != NULL ? found : run_find_real(each->symbol),
                         __ATOMIC_RELAXED);
    }
}
