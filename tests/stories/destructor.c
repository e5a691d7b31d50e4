/* The story of the global object that outlives the pool.
 *
 * A plug-in (plugin.c, a shared library) keeps a connection of the process's pool (pool.c) in a
 * global object, and gives it back in the object's destructor.  That worked for years.  But at exit
 * the program ends the pool first, from an atexit handler, and the dynamic linker calls the
 * destructors of libraries after that: the plug-in gives back what is no longer there.  Nobody's
 * code is wrong when it is read alone.
 *
 * Without Holdfast that is a use after free, and a double free: the program is aborted when it has
 * done all its work, or, worse, is not.  With Holdfast the plug-in holds a handle, and the exit
 * latch is set before the pool's end: hf_close answers HF_E_EXITING, and what is left is the
 * system's to take.
 *
 * Both are built from these files, the second with WITH_HOLDFAST; CMakeLists.txt runs the first to
 * see it fail, and the second a thousand times, each of which must be clean. */
#include "plugin.h"
#include "pool.h"

int main(void)
{
    pool_start();
    plugin_use();
    return 0;
}
