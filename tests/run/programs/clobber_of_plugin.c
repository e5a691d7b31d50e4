/* dup2 onto a number that an object which was loaded had got from the system.
 *
 * expect: clobber now=place_over_it opened=opened_in_plugin
 * plugin: clobber_of_plugin */
#include "program.h"
#include <dlfcn.h>

STEP void place_over_it(int from, int number)
{
    MUST(dup2(from, number) == number);
}

int main(int count, char **arguments)
{
    void *plugin;
    int (*function)(void);
    char path[4200];
    (void)count;
    (void)snprintf(path, sizeof path, "%s.plugin", arguments[0]);
    plugin = dlopen(path, RTLD_NOW);
    MUST(plugin != NULL);
    *(void **)&function = dlsym(plugin, "plugin");
    MUST(function != NULL);
    int number = function();
    int from = open("/dev/null", O_RDONLY);
    place_over_it(from, number);
    return close(from);
}
