/* The half that inlines, and the test: regions of a cold and of a hot handle are entered in one
 * file and left in the other, both ways. */
#include "mixed.h"

#include <stdio.h>

enum { ROUNDS = 5000, VALUE = 42 };

static int releases;

static hf_outcome release_number(hf_value value, void *context, int32_t *error)
{
    (void)value, (void)context, (void)error;
    ++releases;
    return HF_OUTCOME_RELEASED;
}

static const hf_type number = {
    .size = (uint32_t)sizeof(hf_type), .name = "number", .release = release_number};

static int round_trip(hf_table *table, hf_handle handle)
{
    hf_region region;
    if (enter_by_call(table, handle, &region) != HF_OK || region.value != VALUE)
        return 0;
    hf_leave(&region);
    if (hf_enter(table, handle, &number, &region) != HF_OK || region.value != VALUE)
        return 0;
    leave_by_call(&region);
    return 1;
}

static const char *use(hf_table *table)
{
    hf_handle handle;
    hf_region region;
    hf_close_result result;
    if (hf_open(table, &number, VALUE, NULL, &handle) != HF_OK)
        return "open failed";
    for (int round = 0; round < ROUNDS; round++)
        if (!round_trip(table, handle))
            return "a region could not be entered";
    if (hf_enter(table, handle, &number, &region) != HF_OK)
        return "the last region could not be entered";
    if (hf_close(table, handle, &result) != HF_OK || result.outcome != HF_OUTCOME_DEFERRED)
        return "close was not deferred to the region";
    if (releases != 0)
        return "released inside a region";
    leave_by_call(&region);
    return releases == 1 ? NULL : "not released once by the last to leave";
}

int main(void)
{
    hf_table *table;
    const char *error;
    if (hf_table_create(NULL, &table) != HF_OK)
        return 1;
    error = use(table);
    hf_table_destroy(table);
    if (error != NULL)
        fprintf(stderr, "consumer: %s\n", error);
    return error != NULL;
}
