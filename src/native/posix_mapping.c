/* Memory mappings.  An address alone cannot be unmapped, so the value points to an hf_mapping,
 * which lives as long as the handle: the table frees it together with the mapping. */
#include <holdfast/posix.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

extern inline const hf_mapping *hf_value_mapping(hf_value value);

/* After a failure the mapping is still there, but the handle, the last that knew of it, is not. */
static hf_outcome mapping_release(hf_value value, void *context, int32_t *error)
{
    (void)context;
    const hf_mapping *mapping = hf_value_mapping(value);
    int saved = errno;
    *error = munmap(mapping->address, mapping->length) == 0 ? 0 : errno;
    hf_mapping_free(mapping);
    errno = saved;
    return *error == 0 ? HF_OUTCOME_RELEASED : HF_OUTCOME_NOT_RELEASED;
}

const hf_type hf_type_mapping = {
    .size = sizeof(hf_type), .name = "mapping", .release = mapping_release};

/* A borrowed handle is never released, so nobody would free the hf_mapping of one. */
static bool may_own(const void *address, size_t length, const hf_open_options *options)
{
    return address != NULL && address != MAP_FAILED && length != 0 &&
           (options == NULL || !options->borrowed);
}

hf_status hf_mapping_open(hf_table *table, void *address, size_t length,
                          const hf_open_options *options, hf_handle *out)
{
    if (!may_own(address, length, options))
        return HF_E_INVALID_ARGUMENT;
    hf_mapping *mapping = malloc(sizeof *mapping);
    if (mapping == NULL)
        return HF_E_NO_MEMORY;
    *mapping = (hf_mapping){address, length};
    hf_status status = hf_open(table, &hf_type_mapping, (hf_value)mapping, options, out);
    if (status != HF_OK)
        free(mapping);
    return status;
}

void hf_mapping_free(const hf_mapping *mapping)
{
    free((void *)(uintptr_t)mapping);
}
