/* Handles of dlopen.  They are counted by the loader: one that was opened twice is one value with
 * two rightful owners, hence no namespace.  dlclose tells no errno: dlerror has the reason. */
#include <holdfast/posix.h>

#include <dlfcn.h>
#include <errno.h>

static hf_outcome dl_release(hf_value value, void *context, int32_t *error)
{
    (void)context;
    int saved = errno;
    bool closed = dlclose((void *)value) == 0;
    errno = saved;
    *error = 0;
    return closed ? HF_OUTCOME_RELEASED : HF_OUTCOME_NOT_RELEASED;
}

const hf_type hf_type_dl = {.size = sizeof(hf_type), .name = "dl", .release = dl_release};
