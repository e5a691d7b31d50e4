/* See returns.h. */
#include "returns.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool returns_are_spoilt(const char *path)
{
    char text[128];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, sizeof text - 1);
    (void)close(file);
    text[length > 0 ? length : 0] = '\0';
    return strcasestr(text, "safe ret") != NULL;
}
