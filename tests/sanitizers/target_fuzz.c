/* A fuzz target with a bug that only Holdfast sees: the second close of a handle. */
#include <holdfast/holdfast.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hf_outcome release(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    (void)error;
    return HF_OUTCOME_RELEASED;
}

static const hf_type type = {.size = sizeof(hf_type), .name = "number", .release = release};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hf_table *table;
    hf_handle handle;
    if (hf_table_create(NULL, &table) != HF_OK)
        return 0;
    if (hf_open(table, &type, 1, NULL, &handle) == HF_OK)
        for (size_t i = 0; i < size && i < 2; i++)
            if (data[i] == 'c')
                (void)hf_close(table, handle, NULL);
    hf_table_destroy(table);
    return 0;
}
