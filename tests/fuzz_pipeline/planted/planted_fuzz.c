/* A harness with a bug: an input that begins with "cc" closes a handle twice, and the report of
 * that ends the process.  See ../check. */
#include "harness.h"

static hf_outcome release(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    (void)error;
    return HF_OUTCOME_RELEASED;
}

static const hf_type type = {.size = sizeof(type), .name = "planted", .release = release};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hf_table *table;
    hf_handle handle;
    if (hf_set_policy(HF_REPORT_DOUBLE_CLOSE, HF_POLICY_ABORT) != HF_OK ||
        hf_table_create(NULL, &table) != HF_OK)
        return 0;
    if (hf_open(table, &type, 1, NULL, &handle) == HF_OK) {
        (void)hf_close(table, handle, NULL);
        if (size >= 2 && data[0] == 'c' && data[1] == 'c')
            (void)hf_close(table, handle, NULL);
    }
    hf_table_destroy(table);
    return 0;
}
