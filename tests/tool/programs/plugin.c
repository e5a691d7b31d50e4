/* Closes a descriptor twice, in a library that is unloaded. */
#include <fcntl.h>
#include <unistd.h>

void plugin_work(void);

void plugin_work(void)
{
    int descriptor = open("/dev/null", O_RDONLY);
    (void)close(descriptor);
    (void)close(descriptor);
}
