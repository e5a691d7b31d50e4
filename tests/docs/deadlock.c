/* The program whose possible-deadlock README.md shows: a thread closes a connection with waiting
 * while it has a lock, and the connection's callback, which runs on another thread, wants that
 * lock.  The callback asks when the closer waits already: so it is always the one that is refused.
 * Each call stands on one line, so that all compilers agree on its line. */
#include <holdfast/holdfast.h>
#include <holdfast/posix.h>

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

static hf_table *connections;
static hf_handle peer;
static pthread_mutex_t registry = PTHREAD_MUTEX_INITIALIZER;
static sem_t runs;

static void wait_for_the_closer(void)
{
    hf_info info = {.size = sizeof(hf_info)};
    sem_post(&runs);
    do
        hf_inspect(connections, peer, &info);
    while (info.life == HF_LIFE_OPEN);
}

static void on_readable(hf_value value, void *argument, hf_callback *self)
{
    (void)value, (void)argument, (void)self;
    wait_for_the_closer();
    int error = hf_mutex_lock(&registry);
    if (error == 0)
        abort(); /* EDEADLK: the callback gives up, and returns */
}

static void *receive(void *unused)
{
    pthread_setname_np(pthread_self(), "network");
    hf_dispatch(connections, peer, &hf_type_fd, on_readable, NULL);
    return unused;
}

static hf_status drop_peer(void)
{
    if (hf_mutex_lock(&registry) != 0)
        abort();
    hf_status status = hf_close_wait(connections, peer, HF_FOREVER, NULL);
    hf_mutex_unlock(&registry);
    return status;
}

int main(void)
{
    pthread_t network;
    hf_value value = hf_fd_value(open("/dev/zero", O_RDONLY | O_CLOEXEC));
    if (sem_init(&runs, 0, 0) != 0 || hf_table_create(NULL, &connections) != HF_OK ||
        hf_open(connections, &hf_type_fd, value, NULL, &peer) != HF_OK ||
        pthread_create(&network, NULL, receive, NULL) != 0)
        return 1;
    sem_wait(&runs);
    hf_status status = drop_peer();
    pthread_join(network, NULL);
    hf_table_destroy(connections);
    return status == HF_OK ? 0 : 1;
}
