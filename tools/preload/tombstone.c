/* Tombstones, and what they are copied from. */
#include "tombstone.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/resource.h>

#include "platform/platform.h"

enum { SOURCE_TRIES = 16 };

int run_tombstone_source_made = -1;
static uint32_t source_tries;

int run_make_own(int descriptor)
{
    struct rlimit limit;
    rlim_t soft = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
    int wanted = (int)(soft < 1024 ? soft : 1024) - 8;
    int moved =
        descriptor < 0 || wanted <= 2 ? -1 : run_kernel_fcntl(descriptor, F_DUPFD_CLOEXEC, wanted);
    if (descriptor >= 0)
        (void)run_kernel_close(descriptor);
    run_number *number = run_number_made(moved);
    if (number != NULL)
        __atomic_store_n(&number->word, run_word_next(run_word_of(number), RUN_OWN),
                         __ATOMIC_RELEASE);
    return moved;
}

/* Two threads may: the first one's stays, as one of holdfast's own. */
int run_tombstone_make_source(void)
{
    if (__atomic_fetch_add(&source_tries, 1, __ATOMIC_RELAXED) >= SOURCE_TRIES)
        return -1;
    int made = run_make_own(run_kernel_openat(AT_FDCWD, "/", O_PATH | O_CLOEXEC));
    __atomic_store_n(&run_tombstone_source_made, made, __ATOMIC_RELAXED);
    return made;
}

static inline int some_source(void)
{
    int from = run_tombstone_source();
    return HF_LIKELY(from >= 0) ? from : run_tombstone_make_source();
}

/* It is not to be used any more. */
static void lose_source(int lost)
{
    run_number *number = run_number_of(lost);
    uint32_t word = number != NULL ? run_word_of(number) : RUN_UNKNOWN;
    if (run_word_state(word) == RUN_OWN)
        (void)run_word_move(number, word, RUN_UNKNOWN);
}

bool run_tombstone_give_source(void)
{
    int given = run_tombstone_source();
    if (given < 0)
        return false;
    __atomic_store_n(&run_tombstone_source_made, -1, __ATOMIC_RELAXED);
    lose_source(given);
    (void)run_kernel_close(given);
    return true;
}

bool run_tombstone_replace(int descriptor)
{
    int from = some_source();
    if (from < 0 || HF_LIKELY(run_kernel_dup3(from, descriptor, O_CLOEXEC) >= 0))
        return from >= 0;
    /* It was closed unseen; or the number lies above the limit, which was lowered. */
    if (errno == EBADF && run_kernel_fcntl(from, F_GETFD, 0) < 0)
        lose_source(from);
    return false;
}

int run_tombstone_fill_anew(int descriptor, int from)
{
    int got = -1;
    if (from < 0) {
        from = run_tombstone_make_source();
        got = from < 0 ? -1 : run_kernel_fcntl(from, F_DUPFD_CLOEXEC, descriptor);
    }
    if (got < 0 && from >= 0 && errno == EBADF)
        lose_source(from); /* it was closed unseen */
    return got;
}
