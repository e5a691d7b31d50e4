/* A socket that was bound to whatever port is free: the finding says which it was.
 *
 * expect: double-close now=close_again closed=close_it opened=open_it label=*127.0.0.1:[1-9]* */
#include "program.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

STEP int open_it(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    MUST(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    MUST(listen(listener, 1) == 0);
    return listener;
}

STEP void close_it(int listener)
{
    MUST(close(listener) == 0);
}

STEP void close_again(int listener)
{
    MUST(is_refused(close(listener)));
}

int main(void)
{
    int listener = open_it();
    close_it(listener);
    close_again(listener);
    return 0;
}
