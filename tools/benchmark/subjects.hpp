// The subjects: each function adds one topic's contestants to the suite.
#ifndef BENCH_SUBJECTS_HPP
#define BENCH_SUBJECTS_HPP

#include "suite.hpp"

namespace bench
{
void add_look_ups(Suite &suite);
void add_regions(Suite &suite);
void add_references(Suite &suite);
void add_open_close(Suite &suite);
void add_lives(Suite &suite);
void add_closing(Suite &suite);

// Ten million timers take minutes and gigabytes: not when it is to be quick.
void add_timers(Suite &suite, bool quick);

// Measures in forked children: to be called while the process has one thread.
void add_memory(Suite &suite);
} // namespace bench

#endif
