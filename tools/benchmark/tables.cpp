// One table a subject.
#include "tables.hpp"

#include <cmath>
#include <cstdio>

namespace bench
{
namespace
{
std::string ratio(const std::optional<double> &figure, const std::optional<double> &base)
{
    if (!figure || !base || *base <= 0)
        return "-";
    return rounded_up(*figure / *base);
}

void print_row(const Suite &suite, const Subject &subject, const std::string &contestant)
{
    const std::string name = subject.id + "/" + contestant;
    const auto measured = suite.measured(name);
    if (!measured)
        return;
    std::printf("  %-26s %12.2f %12.2f", contestant.c_str(), measured->least, measured->median);
    if (subject.unit == "ns") {
        const auto figure = suite.figure(name);
        std::printf(" %11s %11s", ratio(figure, suite.figure(subject.base)).c_str(),
                    ratio(figure, suite.figure(kXaddPair)).c_str());
    }
    std::printf("\n");
}

bool has_rows(const Suite &suite, const Subject &subject)
{
    for (const std::string &contestant : subject.contestants)
        if (suite.measured(subject.id + "/" + contestant))
            return true;
    return false;
}

void print_table(const Suite &suite, const Subject &subject)
{
    std::printf("\n%s  [%s]\n", subject.title.c_str(), subject.id.c_str());
    const char *marks[] = {subject.counts == Counts::least ? "*" : "",
                           subject.counts == Counts::median ? "*" : ""};
    std::printf("  %-26s %12s %12s", subject.unit.c_str(),
                (std::string("least") + marks[0]).c_str(),
                (std::string("median") + marks[1]).c_str());
    if (subject.unit == "ns")
        std::printf(" %11s %11s", subject.base_title.c_str(), "x xadd");
    std::printf("\n");
    for (const std::string &contestant : subject.contestants)
        print_row(suite, subject, contestant);
}
} // namespace

std::string rounded_up(double figure)
{
    char text[32];
    std::snprintf(text, sizeof(text), "%.3f", std::ceil(figure * 1000) / 1000);
    return text;
}

void print_tables(const Suite &suite)
{
    for (const Subject &subject : suite.subjects())
        if (has_rows(suite, subject))
            print_table(suite, subject);
    std::printf(
        "\n"
        "Times are wall time of one operation on one thread.  * marks what the ratios and the\n"
        "targets are computed from: the least of the repetitions where one thread works, for what\n"
        "else the machine does can only add to it; the median where several threads work.\n"
        "x array: ratio to the array with a generation check, in look-ups and stale entering\n"
        "the one of the same table, else %s.\n"
        "x xadd: ratio to a pair of lock xadd on a line that one thread owns, %s.\n"
        "The array with generation check compares the index with the limit, too, as any\n"
        "look-up of a handle that is not trusted must.\n",
        kArray, kXaddPair);
}
} // namespace bench
