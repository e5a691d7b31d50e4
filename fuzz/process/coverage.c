/* A child hands the engine's counters to its parent through shared memory, and writes the
 * compiler's profile itself, because _exit does not.
 *
 * Nothing here is instrumented: the compiler would have symbols of its own for the counters'
 * section, under the names that are needed here. */
#include "coverage.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef __clang__
#define UNCOUNTED __attribute__((no_sanitize("coverage")))
#else
#define UNCOUNTED
#endif

/* Weak: where there is no engine or no profile, there are none. */
extern uint8_t __start___sancov_cntrs[] __attribute__((weak, visibility("hidden")));
extern uint8_t __stop___sancov_cntrs[] __attribute__((weak, visibility("hidden")));
int __llvm_profile_write_file(void) __attribute__((weak));
void __llvm_profile_set_filename(const char *name) __attribute__((weak));

static uint8_t *shared;

UNCOUNTED static size_t counters_size(void)
{
    return __start___sancov_cntrs == NULL
               ? 0
               : (size_t)(__stop___sancov_cntrs - __start___sancov_cntrs);
}

UNCOUNTED void coverage_share(void)
{
    size_t size = counters_size();
    if (size == 0 || shared != NULL)
        return;
    void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared = place != MAP_FAILED ? place : NULL;
}

/* All children write into one file, beside their parent's. */
UNCOUNTED static void write_profile(void)
{
    const char *parents = getenv("LLVM_PROFILE_FILE");
    char name[4096];
    if (__llvm_profile_write_file == NULL || __llvm_profile_set_filename == NULL || parents == NULL)
        return;
    const char *end = strrchr(parents, '/');
    int folder = end != NULL ? (int)(end - parents) + 1 : 0;
    (void)snprintf(name, sizeof(name), "%.*sprocess-children-%%m.profraw", folder, parents);
    __llvm_profile_set_filename(name);
    (void)__llvm_profile_write_file();
}

UNCOUNTED void coverage_hand_over(void)
{
    if (shared != NULL)
        memcpy(shared, __start___sancov_cntrs, counters_size());
    write_profile();
}

UNCOUNTED void coverage_take_over(void)
{
    for (size_t i = 0; shared != NULL && i < counters_size(); i++)
        if (shared[i] > __start___sancov_cntrs[i])
            __start___sancov_cntrs[i] = shared[i];
}
