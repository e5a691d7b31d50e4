// The command line.
#ifndef BENCH_OPTIONS_HPP
#define BENCH_OPTIONS_HPP

#include <optional>
#include <regex>
#include <string>

namespace bench
{
struct Options {
    bool help = false;
    bool quick = false;
    std::optional<std::regex> filter;
    std::string json; // empty: none
};

// Nothing if the command line is wrong; then the error is told on standard error.
std::optional<Options> parse_options(int count, char **arguments);

void print_help();
} // namespace bench

#endif
