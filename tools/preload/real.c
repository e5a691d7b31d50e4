/* Looking up what the wrappers stand in front of. */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>

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
