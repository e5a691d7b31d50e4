/* close, close_range, closefrom. */
#include <unistd.h>

#include "numbers.h"
#include "real.h"

RUN_WRAP(int, close, (int descriptor))
{
    return run_close(descriptor, "close");
}

RUN_WRAP(int, __close, (int descriptor))
{
    return run_close(descriptor, "close");
}
