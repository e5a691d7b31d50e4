/* Loads a library (its argument), has it make its mistake, and unloads it. */
#include <dlfcn.h>
#include <string.h>

int main(int argc, char **argv)
{
    void (*work)(void);
    void *plugin = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    void *found = plugin != NULL ? dlsym(plugin, "plugin_work") : NULL;
    if (found == NULL)
        return 1;
    memcpy(&work, &found, sizeof work);
    work();
    return dlclose(plugin);
}
