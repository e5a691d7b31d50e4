/* Written from the last digit to the first. */
#include "number.h"

const char *number_write(number_text *out, uint64_t number)
{
    char *at = out->text + sizeof out->text - 1;
    unsigned digits = 0;
    *at = '\0';
    do {
        if (digits > 0 && digits % 3 == 0)
            *--at = ',';
        *--at = (char)('0' + number % 10);
        number /= 10;
        digits++;
    } while (number > 0);
    return at;
}
