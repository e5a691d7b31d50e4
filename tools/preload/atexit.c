/* What the library linked into this one asks to be called at exit comes last of all.
 *
 * In a shared library, the C library's atexit binds a function to the end of that library, which
 * the dynamic linker brings about before the destructors of others, which still close things.  This
 * library has no end: so nothing is bound to it. */
#include <stdlib.h>
#include <string.h>

int __cxa_atexit(void (*function)(void *), void *argument, void *object);

static void call(void *argument)
{
    void (*function)(void);
    memcpy(&function, &argument, sizeof function);
    function();
}

int atexit(void (*function)(void))
{
    void *argument;
    memcpy(&argument, &function, sizeof argument);
    return __cxa_atexit(call, argument, NULL);
}
