// The one piece of code that times every contestant's loop.
#ifndef BENCH_DRIVE_HPP
#define BENCH_DRIVE_HPP

#include "peer.h"
#include "suite.hpp"

namespace bench
{
enum class Sharing {
    one_thread,
    same,     // two threads on one subject
    different // two threads, each on a subject of its own
};

void add_peer(Suite &suite, const bench_peer &peer, Sharing sharing);
} // namespace bench

#endif
