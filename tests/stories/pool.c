/* The pool's owner ends it at exit, as owners do.  Every connection that is out is freed with it.
 */
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef WITH_HOLDFAST
#include <holdfast/holdfast.h>

static hf_table *pool;

static hf_outcome end_connection(hf_value value, void *context, int32_t *error)
{
    (void)context;
    *error = 0;
    free((void *)value);
    return HF_OUTCOME_RELEASED;
}

static const hf_type connection_type = {
    .size = sizeof(hf_type), .name = "connection", .release = end_connection};

static void pool_end(void)
{
    hf_table_destroy(pool); /* at exit: nothing */
}

void pool_start(void)
{
    if (atexit(pool_end) != 0 || hf_table_create(NULL, &pool) != HF_OK)
        abort();
}

connection pool_take(void)
{
    connection taken = HF_NULL_HANDLE;
    void *made = malloc(64);
    if (made == NULL || hf_open(pool, &connection_type, (hf_value)made, NULL, &taken) != HF_OK)
        abort();
    return taken;
}

void pool_give_back(connection taken)
{
    if (hf_close(pool, taken, NULL) == HF_E_EXITING)
        puts("exiting: left to the system");
}

#else
struct raw_connection {
    char name[64];
};

static connection out;

static void pool_end(void)
{
    free(out);
}

void pool_start(void)
{
    if (atexit(pool_end) != 0)
        abort();
}

connection pool_take(void)
{
    out = calloc(1, sizeof *out);
    if (out == NULL)
        abort();
    return out;
}

void pool_give_back(connection taken)
{
    puts(taken->name); /* says goodbye */
    free(taken);
}
#endif
