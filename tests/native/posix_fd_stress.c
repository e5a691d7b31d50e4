/* Descriptors opened and closed by several threads at once: each number is recycled at once, by the
 * other thread as likely as not, and nobody may be blamed for that. */
#include <pthread.h>
#include <unistd.h>

#include "native_support.h"

TestSuite(fd_stress, .init = table_up, .fini = table_down);

enum { THREADS = 3, TURNS = 3000 };

static const char *const paths[THREADS] = {"/dev/null", "/dev/zero", "/"};

typedef struct opener {
    const char *path;
    unsigned wrong;
} opener;

/* Opens, looks whether the descriptor is still its own, and closes. */
static void *open_and_close(void *argument)
{
    opener *self = argument;
    for (unsigned turn = 0; turn < TURNS; turn++) {
        hf_region region;
        hf_close_result result;
        hf_handle handle = must_open(&hf_type_fd, hf_fd_value(must_open_path(self->path)));
        MUST_OK(hf_enter(table, handle, &hf_type_fd, &region));
        if (!fd_is_path(hf_value_fd(region.value), self->path))
            self->wrong++;
        hf_leave(&region);
        MUST_OK(hf_close(table, handle, &result));
        if (result.outcome != HF_OUTCOME_RELEASED)
            self->wrong++;
    }
    return NULL;
}

Test(fd_stress, recycled_numbers_raise_no_findings)
{
    pthread_t threads[THREADS];
    opener openers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        openers[i] = (opener){paths[i], 0};
        cr_assert_eq(pthread_create(&threads[i], NULL, open_and_close, &openers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(openers[i].wrong, 0);
    }
    expect_no_findings();
}
