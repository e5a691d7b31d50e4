/* Socket addresses as text: whole, cut short, of families that are not known. */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "addresses.h"

static char text[RUN_ADDRESS_BYTES];

static const char *text_of(const void *address, size_t size)
{
    memset(text, 'x', sizeof text);
    return run_address_text(address, (socklen_t)size, text);
}

Test(addresses, inet)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    cr_expect_str_eq(text_of(&address, sizeof address), "127.0.0.1:80");
}

Test(addresses, inet6)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(65535)};
    address.sin6_addr = in6addr_loopback;
    cr_expect_str_eq(text_of(&address, sizeof address), "[::1]:65535");
}

Test(addresses, unix_path_abstract_and_unnamed)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
    size_t name = offsetof(struct sockaddr_un, sun_path);
    cr_expect_str_eq(text_of(&address, sizeof address), "/run/x");
    cr_expect_str_eq(text_of(&address, name + 4), "/run");
    cr_expect_str_eq(text_of(&address, name), "unnamed");
    memcpy(address.sun_path, "\0abc", 4);
    cr_expect_str_eq(text_of(&address, name + 4), "@abc");
    cr_expect_str_eq(text_of(&address, name + 1), "@");
}

Test(addresses, unix_path_without_an_end)
{
    struct {
        struct sockaddr_un address;
        char more[4096];
    } given = {.address = {.sun_family = AF_UNIX}};
    size_t length = sizeof given.address.sun_path;
    memset(given.address.sun_path, 'a', length);
    cr_expect_eq(strlen(text_of(&given.address, sizeof given.address)), length);
    cr_expect_eq(strlen(text_of(&given.address, 4096)), length);
}

Test(addresses, netlink)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_pid = 5};
    cr_expect_str_eq(text_of(&address, sizeof address), "netlink 5");
}

Test(addresses, others)
{
    struct sockaddr address = {.sa_family = 31};
    cr_expect_str_eq(text_of(&address, sizeof address), "family 31");
}

Test(addresses, nobody)
{
    struct sockaddr address = {.sa_family = AF_INET};
    cr_expect_str_eq(text_of(NULL, sizeof address), "nobody");
    cr_expect_str_eq(text_of(&address, 0), "nobody");
    cr_expect_str_eq(text_of(&address, 1), "nobody");
}

/* What is missing counts as 0. */
Test(addresses, cut_short)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    cr_expect_str_eq(text_of(&address, 2), "0.0.0.0:0");
    cr_expect_str_eq(text_of(&address, 4), "0.0.0.0:80");
}

Test(addresses, names)
{
    cr_expect_str_eq(run_family_name(AF_INET), "inet");
    cr_expect_str_eq(run_family_name(12345), "?");
    cr_expect_str_eq(run_socket_type_name(SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK), "stream");
    cr_expect_str_eq(run_socket_type_name(99), "?");
}
