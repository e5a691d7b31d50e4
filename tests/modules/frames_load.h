/* The modules of frames.c, for tests: see frames.cmake. */
#ifndef TESTS_FRAMES_LOAD_H
#define TESTS_FRAMES_LOAD_H

#include "frames.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* Calls the function with the prefix of each compiler's modules. */
static inline void frames_each_compiler(void (*function)(const char *prefix))
{
    char prefixes[] = TEST_FRAMES;
    char *rest = prefixes;
    char *prefix;
    while ((prefix = strsep(&rest, ":")) != NULL) {
        if (*prefix != '\0')
            function(prefix);
    }
}

static inline void *frames_load(const char *prefix, const char *variant)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s_%s.so", prefix, variant);
    void *module = dlopen(path, RTLD_LAZY);
    cr_assert_neq(module, NULL, "%s", dlerror());
    return module;
}

#endif
