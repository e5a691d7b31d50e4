/* The descriptors of an input: who each number is, which of them the library has to close in a
 * step, and which it must leave alone. */
#ifndef POSIX_WORLD_H
#define POSIX_WORLD_H

#include <holdfast/posix.h>

enum { WORLD_NUMBERS = 256 };

typedef enum world_what {
    WORLD_MEMORY,
    WORLD_PIPE,
    WORLD_SOCKET, /* one end of a pair; the other is a number of its own */
    WORLD_DEVICE,
    WORLD_EVENT,
    WORLD_PROCESS, /* a pidfd of this process, or of its parent */
    WORLD_WHATS
} world_what;

void world_start(void);

/* Closes what is open and nobody's any more; every number that was open before is, and no other. */
void world_end(void);

/* A new descriptor; `variant` chooses among alike ones.  With WORLD_SOCKET *peer is its other end;
 * else -1. */
int world_open(world_what what, unsigned variant, int *peer);

/* Notes who a descriptor is that was opened elsewhere. */
void world_note(int fd);

/* The same for one that the C library has beneath something of its own, which would not notice that
 * the number is somebody else's by now. */
void world_note_beneath(int fd);

/* Closes behind the table's back. */
void world_close(int fd);

bool world_is_open(int fd);
bool world_is_beneath(int fd);

/* False: nobody. */
bool world_identity(int fd, hf_identity *out);

/* An open number that is beneath nothing, searched from `from` on; -1: there is none. */
int world_any(unsigned from);

/* The library is to call close for this number once in this step.  Answers what close will. */
int world_expect_close(int fd);

/* The number ends in this step by a call of the C library (fclose, closedir). */
void world_expect_end(int fd);

/* The next close of an open descriptor reports this error, after it has closed; 0: none. */
void world_plant(int error);

/* Whether it is a socket that nobody can talk to any more. */
bool world_is_shut(int fd);

/* After each step: closed is what was to be, once, and everybody else is who he was. */
void world_check(void);

/* The same where the order is the library's. */
void world_check_in_any_order(void);

#endif
