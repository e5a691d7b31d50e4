/* See environment.h. */
#include "environment.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "readable.h"
#include "real.h"
#include "self.h"
#include "variables.h"

RUN_DECLARE_REAL(void *, mmap, (void *, size_t, int, int, int, off_t))
RUN_DECLARE_REAL(int, munmap, (void *, size_t))
RUN_DECLARE_REAL(int, access, (const char *, int))

/* ---- at the start --------------------------------------------------------------------------- */

static bool find_library(void)
{
    Dl_info info;
    char *path = run_this_process.library_path;
    if (dladdr((const void *)&run_this_process, &info) == 0 ||
        strlen(info.dli_fname) >= sizeof run_this_process.library_path)
        return false;
    strcpy(path, info.dli_fname);
    return true;
}

/* AddressSanitizer reads its options when it starts, which may be after us: its turn is now. */
extern void __asan_init(void) __attribute__((weak));

bool run_environment_take(char **environment, char *trace_path, size_t size)
{
    const char *trace = run_variables_find(environment, RUN_VARIABLE);
    if (trace == NULL || !find_library())
        return false;
    bool fits = trace[0] == '/' && strlen(trace) < size;
    if (fits)
        memcpy(trace_path, trace, strlen(trace) + 1);
    if (__asan_init != NULL)
        __asan_init();
    run_variables_take(run_this_process.library_path, environment);
    return fits;
}

/* ---- for programs to be executed ------------------------------------------------------------ */

static run_variables variables(void)
{
    return (run_variables){.library = run_this_process.library_path,
                           .trace = run_this_process.trace_path};
}

static bool follows(void)
{
    int saved = errno;
    /* What forbids this process system calls holds for what it executes, too. */
    bool answer = run_this_process.settings[RUN_FOLLOW] != 0 && !run_is_confined() &&
                  run_this_process.trace_path[0] != '\0' &&
                  RUN_REAL(access)(run_this_process.library_path, R_OK) == 0;
    errno = saved;
    return answer;
}

size_t run_extend_room(char *const *environment)
{
    run_variables ours = variables();
    bool is_there = environment == NULL || run_can_read(environment, sizeof *environment);
    return is_there && follows() ? run_variables_room(&ours, environment) : 0;
}

/* What a vfork child has mapped: if it executes another program, this remains in its parent. */
static __thread run_extended left_by_child __attribute__((tls_model("initial-exec")));

static void *map(size_t bytes)
{
    int saved = errno;
    void *mapping =
        RUN_REAL(mmap)(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    errno = saved;
    return mapping == MAP_FAILED ? NULL : mapping;
}

static void unmap(const run_extended *extended)
{
    int saved = errno;
    if (extended->mapping != NULL)
        (void)RUN_REAL(munmap)(extended->mapping, extended->bytes);
    errno = saved;
}

void run_extend(run_extended *out, char *const *environment, size_t room, void *stack)
{
    run_variables ours = variables();
    *out = (run_extended){.environment = environment, .bytes = room};
    if (room != 0 && stack == NULL)
        out->mapping = stack = map(room);
    if (stack != NULL)
        out->environment = run_variables_put(&ours, environment, stack);
    if (run_self.is_vfork_child)
        left_by_child = *out;
}

void run_extend_end(const run_extended *extended)
{
    if (run_self.is_vfork_child)
        left_by_child.mapping = NULL;
    unmap(extended);
}

void run_extend_forget(void)
{
    unmap(&left_by_child);
    left_by_child.mapping = NULL;
}

/* ---- for what uses `environ` itself --------------------------------------------------------- */

static size_t count_entries(char *const *environment)
{
    size_t count = 0;
    while (environment != NULL && environment[count] != NULL)
        count++;
    return count;
}

/* The mapping has the extended array with its strings, and a copy of the other: setenv of another
 * thread may use its memory again. */
void run_environment_extended_begin(run_environment_swap *swap)
{
    run_variables ours = variables();
    size_t count = count_entries(environ);
    size_t room = run_extend_room(environ);
    swap->before = environ;
    swap->bytes = (room + sizeof(char *) - 1) / sizeof(char *) * sizeof(char *);
    swap->extended = (run_extended){.bytes = swap->bytes + (count + 1) * sizeof(char *)};
    if (room != 0)
        swap->extended.mapping = map(swap->extended.bytes);
    if (swap->extended.mapping == NULL)
        return;
    char *mapping = swap->extended.mapping;
    memcpy(mapping + swap->bytes, environ != NULL ? environ : (char *[]){NULL},
           (count + 1) * sizeof(char *));
    environ = run_variables_put(&ours, environ, mapping);
}

/* What stood where the entry of ours does, NULL: nothing; or the entry itself, if it is none. */
static char *original_of(const run_environment_swap *swap, char *entry)
{
    char *mapping = swap->extended.mapping;
    char **ours = swap->extended.mapping;
    char **originals = (char **)(void *)(mapping + swap->bytes);
    if ((uintptr_t)entry - (uintptr_t)mapping >= swap->extended.bytes)
        return entry;
    for (size_t i = 0; originals[i] != NULL; i++)
        if (ours[i] == entry)
            return originals[i];
    return NULL;
}

/* Another thread's setenv has copied the array: its entries that are ours go back to what they
 * were before. */
static void repair(const run_environment_swap *swap)
{
    char **kept = environ;
    for (char **entry = environ; *entry != NULL; entry++) {
        char *original = original_of(swap, *entry);
        if (original != NULL)
            *kept++ = original;
    }
    *kept = NULL;
}

void run_environment_extended_end(const run_environment_swap *swap)
{
    if (swap->extended.mapping == NULL)
        return;
    if (environ == (char **)swap->extended.mapping)
        environ = swap->before;
    else if (environ != NULL)
        repair(swap);
    unmap(&swap->extended);
}
