/* Socket addresses as text. */
#ifndef RUN_ADDRESSES_H
#define RUN_ADDRESSES_H

#include <sys/socket.h>

enum { RUN_ADDRESS_BYTES = 128 };

/* Writes it into `text`, RUN_ADDRESS_BYTES: "127.0.0.1:80", "[::1]:80", "/run/x.sock",
 * "@abstract", "netlink 5", "family 31".  Answers `text`.  Reads no more than `size` bytes. */
const char *run_address_text(const struct sockaddr *address, socklen_t size, char *text);

/* The name of an address family, and of a socket's type: "inet", "stream"; "?" for others. */
const char *run_family_name(int family);
const char *run_socket_type_name(int type);

#endif
