/* In an object that is loaded, and unloaded again before anybody could ask for its names.
 *
 * expect: double-close now=twice_in_plugin closed=twice_in_plugin opened=twice_in_plugin
 * plugin: in_library */
#include "program.h"
#include <dlfcn.h>

int main(int count, char **arguments)
{
    void *plugin;
    void (*function)(void);
    char path[4200];
    (void)count;
    (void)snprintf(path, sizeof path, "%s.plugin", arguments[0]);
    plugin = dlopen(path, RTLD_NOW);
    MUST(plugin != NULL);
    *(void **)&function = dlsym(plugin, "plugin");
    MUST(function != NULL);
    function();
    MUST(dlclose(plugin) == 0);
    return 0;
}
