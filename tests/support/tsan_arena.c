/* Lets ThreadSanitizer run Criterion; linked into the test programs of such builds only.
 *
 * BoxFort, inside Criterion 2.4, maps its arena at 0x200000000000 plus a random number times 2^24,
 * and ThreadSanitizer lets a program map only 0x550000000000 to 0x567fffffffff of that range.  This
 * rand_r, which replaces the C library's for BoxFort (hence -rdynamic), keeps the random number
 * within it. */
#include <stdlib.h>

enum { FIRST_PLACE = 0x351000, PLACES_MASK = 0xfff };

int rand_r(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return FIRST_PLACE + (int)((*seed >> 16) & PLACES_MASK);
}
