// Prints what was measured: one table a subject, and the table of targets.
#ifndef BENCH_TABLES_HPP
#define BENCH_TABLES_HPP

#include "suite.hpp"

namespace bench
{
void print_tables(const Suite &suite);
void print_targets(const Suite &suite);

// A ratio or figure that is compared with an upper limit, never rounded in our favour.
std::string rounded_up(double figure);
} // namespace bench

#endif
