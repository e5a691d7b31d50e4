/* A thread waits in accept on the socket that is closed.
 *
 * expect: close-during-use now=close_it opened=open_it holder=accepts */
#include "program.h"
#include <sys/socket.h>
#include <sys/un.h>

static int listening;
static pid_t server_id;
static struct sockaddr_un address = {.sun_family = AF_UNIX};

STEP int open_it(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

STEP void close_it(void)
{
    MUST(close(listening) == 0);
}

STEP void *accepts(void *unused)
{
    int accepted;
    __atomic_store_n(&server_id, gettid(), __ATOMIC_RELEASE);
    accepted = accept(listening, NULL, NULL);
    MUST(accepted >= 0);
    MUST(close(accepted) == 0);
    return unused;
}

int main(void)
{
    pthread_t thread;
    pid_t id;
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t size = sizeof address;
    listening = open_it();
    MUST(bind(listening, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0);
    MUST(listen(listening, 1) == 0);
    MUST(getsockname(listening, (struct sockaddr *)&address, &size) == 0);
    MUST(pthread_create(&thread, NULL, accepts, NULL) == 0);
    while ((id = __atomic_load_n(&server_id, __ATOMIC_ACQUIRE)) == 0)
        (void)usleep(1000);
    wait_until_asleep(id);
    close_it();
    MUST(connect(client, (struct sockaddr *)&address, size) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    MUST(close(client) == 0);
    return 0;
}
