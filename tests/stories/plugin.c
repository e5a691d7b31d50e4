/* The plug-in: a shared library with a global object, which takes a connection when it is first
 * used and gives it back in its destructor. */
#include "plugin.h"

#include "pool.h"

static struct {
    connection own;
    int is_connected;
} global;

void plugin_use(void)
{
    if (!global.is_connected)
        global.own = pool_take();
    global.is_connected = 1;
}

/* Runs after the program's own atexit handlers: after pool_end. */
__attribute__((destructor)) static void end_global(void)
{
    if (global.is_connected)
        pool_give_back(global.own);
}
