/* Directory streams.  closedir frees the DIR whatever it answers: also after EBADF, when somebody
 * closed the descriptor beneath it. */
#include <holdfast/posix.h>

#include <errno.h>

extern inline hf_value hf_dir_value(DIR *dir);
extern inline DIR *hf_value_dir(hf_value value);

hf_namespace hf_namespace_dir = HF_NAMESPACE_INIT("dir", HF_VALUES_SPARSE);

static hf_outcome dir_release(hf_value value, void *context, int32_t *error)
{
    (void)context;
    int saved = errno;
    *error = closedir(hf_value_dir(value)) == 0 ? 0 : errno;
    errno = saved;
    return *error == 0 ? HF_OUTCOME_RELEASED : HF_OUTCOME_RELEASED_WITH_ERROR;
}

const hf_type hf_type_dir = {.size = sizeof(hf_type),
                             .name = "dir",
                             .name_space = &hf_namespace_dir,
                             .release = dir_release};
