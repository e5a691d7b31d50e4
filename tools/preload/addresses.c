/* Addresses may be cut short or lie: nothing beyond their size is read, and texts are bounded. */
#include "addresses.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static void write_inet(const struct sockaddr_in *address, char *text)
{
    char host[INET_ADDRSTRLEN] = "?";
    (void)inet_ntop(AF_INET, &address->sin_addr, host, sizeof host);
    (void)snprintf(text, RUN_ADDRESS_BYTES, "%s:%u", host, (unsigned)ntohs(address->sin_port));
}

static void write_inet6(const struct sockaddr_in6 *address, char *text)
{
    char host[INET6_ADDRSTRLEN] = "?";
    (void)inet_ntop(AF_INET6, &address->sin6_addr, host, sizeof host);
    (void)snprintf(text, RUN_ADDRESS_BYTES, "[%s]:%u", host, (unsigned)ntohs(address->sin6_port));
}

static void write_unix(const struct sockaddr_un *address, size_t length, char *text)
{
    if (length == 0)
        (void)snprintf(text, RUN_ADDRESS_BYTES, "unnamed");
    else if (address->sun_path[0] == 0)
        (void)snprintf(text, RUN_ADDRESS_BYTES, "@%.*s", (int)length - 1, address->sun_path + 1);
    else
        (void)snprintf(text, RUN_ADDRESS_BYTES, "%.*s", (int)length, address->sun_path);
}

typedef union any_address {
    struct sockaddr base;
    struct sockaddr_in inet;
    struct sockaddr_in6 inet6;
    struct sockaddr_un local;
    struct sockaddr_nl netlink;
} any_address;

/* A copy, for the program's may lie anywhere. */
const char *run_address_text(const struct sockaddr *address, socklen_t size, char *text)
{
    any_address any;
    memset(&any, 0, sizeof any);
    if (address == NULL || size < sizeof any.base.sa_family) {
        (void)snprintf(text, RUN_ADDRESS_BYTES, "nobody");
        return text;
    }
    memcpy(&any, address, size < sizeof any ? size : sizeof any);
    size_t name = offsetof(struct sockaddr_un, sun_path);
    size_t length = size > name ? size - name : 0;
    if (any.base.sa_family == AF_INET)
        write_inet(&any.inet, text);
    else if (any.base.sa_family == AF_INET6)
        write_inet6(&any.inet6, text);
    else if (any.base.sa_family == AF_UNIX)
        write_unix(&any.local,
                   length < sizeof any.local.sun_path ? length : sizeof any.local.sun_path, text);
    else if (any.base.sa_family == AF_NETLINK)
        (void)snprintf(text, RUN_ADDRESS_BYTES, "netlink %u", any.netlink.nl_pid);
    else
        (void)snprintf(text, RUN_ADDRESS_BYTES, "family %u", any.base.sa_family);
    return text;
}

const char *run_family_name(int family)
{
    switch (family) {
    case AF_INET:
        return "inet";
    case AF_INET6:
        return "inet6";
    case AF_UNIX:
        return "unix";
    case AF_NETLINK:
        return "netlink";
    case AF_PACKET:
        return "packet";
    case AF_VSOCK:
        return "vsock";
    default:
        return "?";
    }
}

const char *run_socket_type_name(int type)
{
    switch (type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) {
    case SOCK_STREAM:
        return "stream";
    case SOCK_DGRAM:
        return "datagram";
    case SOCK_SEQPACKET:
        return "seqpacket";
    case SOCK_RAW:
        return "raw";
    default:
        return "?";
    }
}
