/* dup2 onto a number that an object which was loaded had got from the system.
 *
 * expect: clobber now=place_over_it opened=opened_in_plugin
 * plugin: clobber_of_plugin */
#include "with_plugin.h"

STEP void place_over_it(int from, int number)
{
    MUST(dup2(from, number) == number);
}

int main(int count, char **arguments)
{
    void *plugin = load_plugin(arguments[0]);
    int (*function)(void);
    (void)count;
    *(void **)&function = function_of(plugin);
    int number = function();
    int from = open("/dev/null", O_RDONLY);
    place_over_it(from, number);
    return close(from);
}
