/* Sockets: made, accepted, received over others, and what becomes known of them. */
#include <errno.h>
#include <sys/socket.h>

#include "addresses.h"
#include "numbers.h"
#include "opening.h"
#include "readable.h"
#include "real.h"
#include "room.h"
#include "uses.h"

/* ---- making --------------------------------------------------------------------------------- */

RUN_WRAP(int, socket, (int family, int type, int protocol))
{
    unsigned tries = 0;
    int descriptor = RUN_REAL(socket)(family, type, protocol);
    if (!run_is_on())
        return descriptor;
    while (descriptor < 0 && run_try_again(&tries))
        descriptor = RUN_REAL(socket)(family, type, protocol);
    if (descriptor >= 0)
        run_opened(descriptor, RUN_CHOSEN, "socket", "socket (%s, %s)", run_family_name(family),
                   run_socket_type_name(type));
    return descriptor;
}

RUN_WRAP(int, socketpair, (int family, int type, int protocol, int pair[2]))
{
    unsigned tries = 0;
    int result = RUN_REAL(socketpair)(family, type, protocol, pair);
    if (!run_is_on())
        return result;
    while (result < 0 && run_try_again(&tries))
        result = RUN_REAL(socketpair)(family, type, protocol, pair);
    for (int i = 0; result == 0 && i < 2; i++)
        run_opened(pair[i], RUN_CHOSEN, "socketpair", "socketpair (%s, %s), the other end is %d",
                   run_family_name(family), run_socket_type_name(type), pair[1 - i]);
    return result;
}

RUN_DECLARE_REAL(int, getsockopt, (int, int, int, void *, socklen_t *))
typedef int name_function(int, struct sockaddr *, socklen_t *);
RUN_DECLARE_REAL(int, getpeername, (int, struct sockaddr *, socklen_t *))
RUN_DECLARE_REAL(int, getsockname, (int, struct sockaddr *, socklen_t *))

/* What the system says of one of a socket's ends; false: it does not, or must not be asked.  Keeps
 * errno. */
static bool ask_for_address(name_function *function, int descriptor, char *text)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    int saved = errno;
    bool known =
        !run_is_confined() && function(descriptor, (struct sockaddr *)&address, &size) == 0;
    if (known)
        (void)run_address_text((const struct sockaddr *)&address,
                               size < sizeof address ? size : (socklen_t)sizeof address, text);
    errno = saved;
    return known;
}

/* Asked for afterwards: an accept that fills an address in may fail where another does not. */
static int accepted(int descriptor, int listener, const char *operation)
{
    char text[RUN_ADDRESS_BYTES];
    if (descriptor < 0 || !run_is_on())
        return descriptor;
    bool known = ask_for_address(RUN_REAL(getpeername), descriptor, text);
    run_opened(descriptor, RUN_CHOSEN, operation, "socket accepted on %d%s%s", listener,
               known ? " from " : "", known ? text : "");
    return descriptor;
}

static bool is_worth_another_try(int descriptor, unsigned *tries)
{
    return descriptor < 0 && run_is_on() && run_try_again(tries);
}

RUN_WRAP(int, accept, (int listener, __SOCKADDR_ARG address, socklen_t *size))
{
    run_use use;
    unsigned tries = 0;
    if (!run_use_begin(&use, listener, "accept"))
        return -1;
    int descriptor = RUN_REAL(accept)(listener, address, size);
    while (is_worth_another_try(descriptor, &tries))
        descriptor = RUN_REAL(accept)(listener, address, size);
    run_use_end(&use, descriptor < 0);
    return accepted(descriptor, listener, "accept");
}

RUN_WRAP(int, accept4, (int listener, __SOCKADDR_ARG address, socklen_t *size, int flags))
{
    run_use use;
    unsigned tries = 0;
    if (!run_use_begin(&use, listener, "accept4"))
        return -1;
    int descriptor = RUN_REAL(accept4)(listener, address, size, flags);
    while (is_worth_another_try(descriptor, &tries))
        descriptor = RUN_REAL(accept4)(listener, address, size, flags);
    run_use_end(&use, descriptor < 0);
    return accepted(descriptor, listener, "accept4");
}

/* ---- what becomes known --------------------------------------------------------------------- */

RUN_WRAP(int, connect, (int descriptor, __CONST_SOCKADDR_ARG address, socklen_t size))
{
    run_use use;
    char text[RUN_ADDRESS_BYTES];
    if (!run_use_begin(&use, descriptor, "connect"))
        return -1;
    int result = RUN_REAL(connect)(descriptor, address, size);
    run_use_end(&use, result < 0);
    if (run_is_on() && (result == 0 || errno == EINPROGRESS)) {
        int saved = errno;
        run_note(descriptor, "%s %s", result == 0 ? "connected to" : "connecting to",
                 run_address_text(address.__sockaddr__, size, text));
        errno = saved;
    }
    return result;
}

RUN_WRAP(int, bind, (int descriptor, __CONST_SOCKADDR_ARG address, socklen_t size))
{
    run_use use;
    char text[RUN_ADDRESS_BYTES];
    if (!run_use_begin(&use, descriptor, "bind"))
        return -1;
    int result = RUN_REAL(bind)(descriptor, address, size);
    run_use_end(&use, result < 0);
    if (run_is_on() && result == 0) {
        int saved = errno;
        /* The system chooses where the program does not: a port, a local name. */
        if (!ask_for_address(RUN_REAL(getsockname), descriptor, text))
            (void)run_address_text(address.__sockaddr__, size, text);
        run_note(descriptor, "bound to %s", text);
        errno = saved;
    }
    return result;
}

RUN_WRAP(int, listen, (int descriptor, int backlog))
{
    run_use use;
    if (!run_use_begin(&use, descriptor, "listen"))
        return -1;
    int result = RUN_REAL(listen)(descriptor, backlog);
    run_use_end(&use, result < 0);
    if (run_is_on() && result == 0)
        run_note(descriptor, "listening");
    return result;
}

/* ---- receiving ------------------------------------------------------------------------------ */

#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

static void received(const int *descriptors, size_t count, int over, const char *operation,
                     const char *what)
{
    for (size_t i = 0; i < count; i++)
        run_opened(descriptors[i], RUN_CHOSEN, operation, "%s %d", what, over);
}

static void look_at(struct cmsghdr *header, int over, const char *operation)
{
    const int *descriptors = (const int *)(const void *)CMSG_DATA(header);
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_len < CMSG_LEN(0))
        return;
    if (header->cmsg_type == SCM_RIGHTS)
        received(descriptors, count, over, operation, "received over descriptor");
    else if (header->cmsg_type == SCM_PIDFD)
        received(descriptors, count < 1 ? count : 1, over, operation,
                 "process descriptor of the peer of descriptor");
}

static void look_for_rights(struct msghdr *message, int over, const char *operation)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    for (; header != NULL; header = CMSG_NXTHDR(message, header))
        look_at(header, over, operation);
}

static bool is_local(int descriptor)
{
    int saved = errno;
    int domain = 0;
    socklen_t size = sizeof domain;
    bool local = RUN_REAL(getsockopt)(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
                 domain == AF_UNIX;
    errno = saved;
    return local;
}

enum { RIGHTS_MAX = 253 };

/* How many descriptors a message may bring; 0 if it cannot be read. */
static unsigned rights_of(const struct msghdr *message)
{
    size_t most = 0;
    if (run_can_read(message, sizeof *message) && message->msg_control != NULL &&
        message->msg_controllen > CMSG_LEN(0))
        most = (message->msg_controllen - CMSG_LEN(0)) / sizeof(int);
    return most < RIGHTS_MAX ? (unsigned)most : RIGHTS_MAX;
}

/* What finds no free number is lost, without an error. */
static void make_room_for(int descriptor, const struct msghdr *message)
{
    unsigned count = run_is_on() && !run_is_confined() ? rights_of(message) : 0;
    if (count != 0 && !run_is_room_for(count) && is_local(descriptor))
        run_make_room_for(count);
}

RUN_WRAP(ssize_t, recvmsg, (int descriptor, struct msghdr *message, int flags))
{
    run_use use;
    if (!run_use_begin(&use, descriptor, "recvmsg"))
        return -1;
    make_room_for(descriptor, message);
    ssize_t count = RUN_REAL(recvmsg)(descriptor, message, flags);
    run_use_end(&use, count < 0);
    if (count >= 0 && message->msg_controllen != 0 && run_is_on())
        look_for_rights(message, descriptor, "recvmsg");
    return count;
}

RUN_WRAP(int, recvmmsg,
         (int descriptor, struct mmsghdr *messages, unsigned length, int flags,
          struct timespec *timeout))
{
    run_use use;
    if (!run_use_begin(&use, descriptor, "recvmmsg"))
        return -1;
    for (unsigned i = 0; i < length; i++)
        make_room_for(descriptor, &messages[i].msg_hdr);
    int count = RUN_REAL(recvmmsg)(descriptor, messages, length, flags, timeout);
    run_use_end(&use, count < 0);
    for (int i = 0; i < count && run_is_on(); i++)
        if (messages[i].msg_hdr.msg_controllen != 0)
            look_for_rights(&messages[i].msg_hdr, descriptor, "recvmmsg");
    return count;
}
