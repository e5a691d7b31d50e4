/* What the library linked into this one asks to be called at exit comes last of all.
 *
 * In a shared library, the C library's atexit binds a function to the end of that library, which
 * the dynamic linker brings about before the destructors of others, which still close things.  This
 * library has no end: so nothing is bound to it. */
#include <stdlib.h>

int __cxa_atexit(void (*function)(void *), void *argument, void *object);

/* As in the C library, the function is given an argument that it does not know of.  One that it
 * does need would be lost: ThreadSanitizer passes none on where there is no object. */
int atexit(void (*function)(void))
{
    return __cxa_atexit((void (*)(void *))function, NULL, NULL);
}
