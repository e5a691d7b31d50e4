// Parses the command line.
#include "options.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace bench
{
namespace
{
bool refuse(const std::string &text)
{
    std::fprintf(stderr, "bench: %s; try --help\n", text.c_str());
    return false;
}

bool set_filter(Options &options, const std::string &text)
{
    try {
        options.filter = std::regex(text);
        return true;
    } catch (const std::regex_error &error) {
        return refuse("--filter: '" + text + "' is no regular expression (" + error.what() + ")");
    }
}

// Found out now, not after minutes of measuring.
bool set_json(Options &options, const std::string &path)
{
    std::FILE *file = std::fopen(path.c_str(), "a");
    if (file == nullptr)
        return refuse("--json: cannot write '" + path + "': " + std::strerror(errno));
    std::fclose(file);
    options.json = path;
    return true;
}

bool parse_one(Options &options, int count, char **arguments, int &at)
{
    const std::string argument = arguments[at];
    if (argument == "--help")
        return options.help = true;
    if (argument == "--quick")
        return options.quick = true;
    if (argument != "--filter" && argument != "--json")
        return refuse("unknown option '" + argument + "'");
    if (at + 1 >= count || *arguments[at + 1] == '\0')
        return refuse(argument + " needs a value");
    at++;
    return argument == "--filter" ? set_filter(options, arguments[at])
                                  : set_json(options, arguments[at]);
}
} // namespace

std::optional<Options> parse_options(int count, char **arguments)
{
    Options options;
    for (int at = 1; at < count; at++)
        if (!parse_one(options, count, arguments, at))
            return std::nullopt;
    return options;
}

void print_help()
{
    std::puts(
        "usage: bench [--quick] [--filter REGEX] [--json FILE] [--help]\n"
        "\n"
        "Measures Holdfast beside other ways to protect a value, all in one run, and prints a\n"
        "table for each subject and one of the targets.\n"
        "\n"
        "  --quick         three short repetitions, without 10 million timers: a rough picture\n"
        "  --filter REGEX  only benchmarks whose name, subject/contestant, matches; the two\n"
        "                  that every ratio refers to run anyway\n"
        "  --json FILE     write Google Benchmark's results to FILE as well\n"
        "  --help          this text\n"
        "\n"
        "Exit status: 0 measured (whether or not targets were met), 1 a benchmark failed,\n"
        "2 the command line is wrong.");
}
} // namespace bench
