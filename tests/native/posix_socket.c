/* Sockets: close wakes whoever blocks on one; process descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "native_support.h"

TestSuite(socket, .init = table_up, .fini = table_down);

/* ---- a thread that blocks on a socket ------------------------------------------------------- */

typedef ssize_t (*blocking_call)(int fd);

static ssize_t call_recv(int fd)
{
    char byte;
    return recv(fd, &byte, sizeof byte, 0);
}

static ssize_t call_read(int fd)
{
    char byte;
    return read(fd, &byte, sizeof byte);
}

static ssize_t call_accept(int fd)
{
    return accept(fd, NULL, NULL);
}

/* Sends until the peer, who does not read, has no room left. */
static ssize_t call_send(int fd)
{
    static const char bytes[65536];
    ssize_t sent;
    do {
        sent = send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
    } while (sent > 0);
    return sent;
}

typedef struct sleeper {
    hf_handle handle;
    blocking_call call;
    int thread_id; /* 0 until it is about to block */
    ssize_t result;
    int error;
} sleeper;

static void sleep_in_region(void *argument)
{
    sleeper *self = argument;
    hf_region region;
    MUST_OK(hf_enter(table, self->handle, &hf_type_socket, &region));
    __atomic_store_n(&self->thread_id, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
    self->result = self->call(hf_value_fd(region.value));
    self->error = errno;
    hf_leave(&region);
}

/* Starts the sleeper and waits until it blocks in the system. */
static actor *send_to_sleep(sleeper *who)
{
    actor *thread = actor_start();
    actor_begin(thread, sleep_in_region, who);
    while (__atomic_load_n(&who->thread_id, __ATOMIC_ACQUIRE) == 0)
        usleep(1000);
    wait_until_blocked(who->thread_id);
    return thread;
}

static void expect_awake(actor *thread)
{
    actor_finish(thread);
    actor_end(thread);
}

static void make_pair(int fds[2])
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
}

static int make_listener(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0, "%s", strerror(errno));
    cr_assert_eq(listen(fd, 1), 0);
    return fd;
}

/* Closes while somebody sleeps on the socket; he must wake, and the last of the two releases. */
static void close_under_sleeper(int fd, blocking_call call, ssize_t result)
{
    hf_close_result closed;
    sleeper who = {.handle = must_open(&hf_type_socket, hf_fd_value(fd)), .call = call};
    actor *thread = send_to_sleep(&who);
    MUST_OK(hf_close(table, who.handle, &closed));
    expect_awake(thread);
    cr_expect(closed.outcome == HF_OUTCOME_DEFERRED || closed.outcome == HF_OUTCOME_RELEASED);
    cr_expect_eq(who.result, result);
    cr_expect_not(fd_is_open(fd));
    expect_no_findings();
}

Test(socket, close_wakes_recv)
{
    int fds[2];
    make_pair(fds);
    close_under_sleeper(fds[0], call_recv, 0);
}

Test(socket, close_wakes_read)
{
    int fds[2];
    make_pair(fds);
    close_under_sleeper(fds[0], call_read, 0);
}

Test(socket, close_wakes_send)
{
    int fds[2];
    make_pair(fds);
    close_under_sleeper(fds[0], call_send, -1);
}

Test(socket, close_wakes_accept)
{
    close_under_sleeper(make_listener(), call_accept, -1);
}

Test(socket, close_wait_wakes_and_releases)
{
    int fds[2];
    hf_close_result closed;
    make_pair(fds);
    sleeper who = {.handle = must_open(&hf_type_socket, hf_fd_value(fds[0])), .call = call_recv};
    actor *thread = send_to_sleep(&who);
    MUST_OK(hf_close_wait(table, who.handle, HF_FOREVER, &closed));
    cr_expect_eq(closed.outcome, HF_OUTCOME_RELEASED);
    cr_expect_not(fd_is_open(fds[0]));
    expect_awake(thread);
    cr_expect_eq(who.result, 0);
}

Test(socket, close_wakes_a_holder_in_hazard_mode)
{
    int fds[2];
    make_pair(fds);
    sleeper who = {.handle = must_open(&hf_type_socket, hf_fd_value(fds[0])), .call = call_recv};
    fixture_heat(table, who.handle);
    cr_assert(fixture_info(table, who.handle).hazard);
    actor *thread = send_to_sleep(&who);
    MUST_OK(hf_close(table, who.handle, NULL));
    expect_awake(thread);
    cr_expect_eq(who.result, 0);
    cr_expect_not(fd_is_open(fds[0]));
}

/* The number was closed behind the table's back and belongs to another connection, which the close
 * of a handle that is held must leave alone: by hf_close, and by a rundown, which unblocks again
 * and again. */
static void close_held_after_recycling(bool waits)
{
    int fds[2];
    int others[2];
    hf_ref reference;
    make_pair(fds);
    make_pair(others);
    hf_handle handle = must_open(&hf_type_socket, hf_fd_value(fds[0]));
    MUST_OK(hf_addref(table, handle, &reference));
    cr_assert_eq(dup3(others[0], fds[0], O_CLOEXEC), fds[0]);
    if (waits)
        MUST(hf_close_wait(table, handle, HF_MILLISECONDS, NULL), HF_E_TIMED_OUT);
    else
        MUST_OK(hf_close(table, handle, NULL));
    cr_expect_eq(send(others[1], "x", 1, MSG_NOSIGNAL), 1, "the stranger's connection was ended");
    cr_expect_eq(call_recv(others[0]), 1);
    MUST_OK(hf_release(&reference));
    cr_expect(fd_is_open(fds[0]));
    expect_finding(HF_REPORT_FOREIGN_CLOSE, handle, HF_NULL_HANDLE);
}

Test(socket, close_of_a_held_socket_spares_whoever_has_its_number)
{
    close_held_after_recycling(false);
}

Test(socket, rundown_of_a_held_socket_spares_whoever_has_its_number)
{
    close_held_after_recycling(true);
}

/* ---- without holders ------------------------------------------------------------------------ */

Test(socket, peer_sees_the_end)
{
    int fds[2];
    make_pair(fds);
    must_close(must_open(&hf_type_socket, hf_fd_value(fds[0])), HF_OUTCOME_RELEASED, 0);
    cr_expect_eq(call_read(fds[1]), 0);
}

Test(socket, close_of_an_idle_socket_leaves_its_duplicates_connected)
{
    int fds[2];
    hf_handle copy;
    make_pair(fds);
    hf_handle handle = must_open(&hf_type_socket, hf_fd_value(fds[0]));
    MUST_OK(hf_duplicate(table, handle, table, &copy));
    must_close(handle, HF_OUTCOME_RELEASED, 0);
    cr_assert_eq(send(fds[1], "x", 1, MSG_NOSIGNAL), 1);
    hf_region region;
    MUST_OK(hf_enter(table, copy, &hf_type_socket, &region));
    cr_expect_eq(call_recv(hf_value_fd(region.value)), 1);
    hf_leave(&region);
    must_close(copy, HF_OUTCOME_RELEASED, 0);
}

Test(socket, wrong_type_is_refused)
{
    int fds[2];
    hf_region region;
    make_pair(fds);
    hf_handle handle = must_open(&hf_type_socket, hf_fd_value(fds[0]));
    MUST(hf_enter(table, handle, &hf_type_fd, &region), HF_E_WRONG_TYPE);
    must_close(handle, HF_OUTCOME_RELEASED, 0);
}

Test(socket, two_sockets_are_told_apart)
{
    hf_identity left, right;
    int fds[2];
    make_pair(fds);
    cr_assert(hf_type_socket.identify(hf_fd_value(fds[0]), NULL, &left));
    cr_assert(hf_type_socket.identify(hf_fd_value(fds[1]), NULL, &right));
    cr_expect_neq(left.object, right.object);
}

Test(socket, closed_raw_and_recycled_spares_the_stranger)
{
    int fds[2];
    make_pair(fds);
    hf_handle handle = must_open(&hf_type_socket, hf_fd_value(fds[0]));
    cr_assert_eq(dup2(fds[1], fds[0]), fds[0]);
    must_close(handle, HF_OUTCOME_NOT_RELEASED, 0);
    cr_expect(fd_is_open(fds[0]));
    expect_only_finding(HF_REPORT_FOREIGN_CLOSE, handle, HF_NULL_HANDLE);
}

/* ---- processes ------------------------------------------------------------------------------ */

TestSuite(pidfd, .init = table_up, .fini = table_down);

/* A descriptor of a process; -1, with a remark, where the system has none. */
static int open_process(pid_t process)
{
#ifdef SYS_pidfd_open
    int fd = (int)syscall(SYS_pidfd_open, process, 0);
#else
    int fd = -1;
    errno = ENOSYS;
    (void)process;
#endif
    if (fd < 0)
        cr_log_info("left out: pidfd_open: %s", strerror(errno));
    return fd;
}

Test(pidfd, waited_for_and_closed)
{
    siginfo_t info = {0};
    hf_region region;
    pid_t child = fork();
    if (child == 0)
        _exit(7);
    int fd = open_process(child);
    if (fd < 0)
        return;
    hf_handle handle = must_open(&hf_type_pidfd, hf_fd_value(fd));
    MUST_OK(hf_enter(table, handle, &hf_type_pidfd, &region));
    cr_assert_eq(waitid(P_PIDFD, (id_t)hf_value_fd(region.value), &info, WEXITED), 0);
    hf_leave(&region);
    cr_expect_eq(info.si_status, 7);
    must_close(handle, HF_OUTCOME_RELEASED, 0);
    cr_expect_not(fd_is_open(fd));
    expect_no_findings();
}

Test(pidfd, closed_raw)
{
    int fd = open_process(getpid());
    if (fd < 0)
        return;
    hf_handle handle = must_open(&hf_type_pidfd, hf_fd_value(fd));
    close_raw(fd);
    must_close(handle, HF_OUTCOME_NOT_RELEASED, 0);
    expect_only_finding(HF_REPORT_FOREIGN_CLOSE, handle, HF_NULL_HANDLE);
}
