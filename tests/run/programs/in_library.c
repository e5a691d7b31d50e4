/* In an object that is loaded, and unloaded again before anybody could ask for its names.
 *
 * expect: double-close now=twice_in_plugin closed=twice_in_plugin opened=twice_in_plugin
 * plugin: in_library */
#include "with_plugin.h"

int main(int count, char **arguments)
{
    void *plugin = load_plugin(arguments[0]);
    void (*function)(void);
    (void)count;
    *(void **)&function = function_of(plugin);
    function();
    MUST(dlclose(plugin) == 0);
    return 0;
}
