/* For programs that load an object: the one of ../plugins that has the program's name. */
#ifndef WITH_PLUGIN_H
#define WITH_PLUGIN_H

#include "program.h"
#include <dlfcn.h>

/* As dlopen; `program` is what main's first argument says. */
static inline void *load_plugin(const char *program)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s.plugin", program);
    void *plugin = dlopen(path, RTLD_NOW);
    MUST(plugin != NULL);
    return plugin;
}

/* Each has one function, which is called plugin: where that begins. */
static inline void *function_of(void *plugin)
{
    void *function = dlsym(plugin, "plugin");
    MUST(function != NULL);
    return function;
}

#endif
