/* limit_tests above|at|below: 0 is success. */
#include <string.h>

int limited(int value);

int main(int count, char **words)
{
    if (count != 2)
        return 2;
    if (strcmp(words[1], "above") == 0)
        return limited(12) == 10 ? 0 : 1;
    if (strcmp(words[1], "at") == 0)
        return limited(10) == 10 ? 0 : 1;
    return limited(3) == 3 ? 0 : 1;
}
