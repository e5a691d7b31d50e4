// The speed targets, and whether this run met them.
#include "tables.hpp"

#include <algorithm>
#include <cstdio>

namespace bench
{
namespace
{
// The figure, or its ratio to the least of the bases (none: the figure itself, or its excess over
// `less`).
struct Target {
    std::string text;
    double limit;
    std::string figure;
    std::vector<std::string> bases;
    std::string less;
};

std::optional<double> value_of(const Suite &suite, const Target &target)
{
    const auto figure = suite.figure(target.figure);
    const auto less = target.less.empty() ? 0 : suite.figure(target.less);
    if (!figure || !less)
        return std::nullopt;
    std::optional<double> base;
    for (const std::string &name : target.bases) {
        const auto measured = suite.figure(name);
        if (!measured || *measured <= 0)
            return std::nullopt;
        base = std::min(base.value_or(*measured), *measured);
    }
    return (*figure - *less) / base.value_or(1);
}

void look_up_targets(std::vector<Target> &all)
{
    all.push_back({"look-up, hot, x array",
                   1.3,
                   "look-up-hot/holdfast-inlined",
                   {"look-up-hot/array-generation"},
                   ""});
    all.push_back({"look-up, 10 M random, x array",
                   1.15,
                   "look-up-10M/holdfast-inlined",
                   {"look-up-10M/array-generation"},
                   ""});
}

void hot_region_targets(std::vector<Target> &all)
{
    struct Way {
        const char *text;
        const char *name;
        double array_limit;
        double xadd_limit;
    };
    for (const Way &way : {Way{"inlined", "holdfast-inlined", 2.5, 0.18},
                           Way{"inlined, type checked", "holdfast-inlined-typed", 2.5, 0.18},
                           Way{"library", "holdfast-library", 4, 0.30},
                           Way{"library, type checked", "holdfast-library-typed", 4, 0.30}}) {
        const std::string text = std::string("hot region, ") + way.text;
        const std::string one = std::string("region/") + way.name;
        all.push_back({text + ", x array", way.array_limit, one, {kArray}, ""});
        all.push_back({text + ", x xadd", way.xadd_limit, one, {kXaddPair}, ""});
        all.push_back({text + ", 2 threads, x 1 thread",
                       1.15,
                       std::string("region-same/") + way.name,
                       {one},
                       ""});
    }
    all.push_back({"hot region, inlined, x liburcu-memb",
                   1.4,
                   "region/holdfast-inlined",
                   {"region/liburcu-memb"},
                   ""});
    all.push_back({"hot region, type checked, x liburcu-memb",
                   1.4,
                   "region/holdfast-inlined-typed",
                   {"region/liburcu-memb"},
                   ""});
}

void counted_targets(std::vector<Target> &all)
{
    for (const char *name : {"region/holdfast-cold", "region/holdfast-always-counted",
                             "reference/holdfast", "reference/holdfast-hot-handle"})
        all.push_back({std::string(name) + ", x xadd", 1.8, name, {kXaddPair}, ""});
    for (const char *name : {"stale/holdfast-ignored", "stale/holdfast-reported-once"})
        all.push_back({std::string(name) + ", x xadd", 0.3, name, {kXaddPair}, ""});
}

void life_targets(std::vector<Target> &all)
{
    all.push_back({"open+close, 1 thread, x xadd", 2, "open-close/holdfast", {kXaddPair}, ""});
    all.push_back({"open+close, 2 threads, x xadd", 2, "open-close-2/holdfast", {kXaddPair}, ""});
    for (const char *regions : {"0", "1", "16", "256", "4096", "16384"}) {
        const std::string life = std::string("life-") + regions;
        all.push_back({"life, " + std::string(regions) + " regions, x better mode",
                       2.5,
                       life + "/holdfast-adaptive",
                       {life + "/holdfast-always-counted", life + "/holdfast-always-hazard"},
                       ""});
    }
}

void closing_targets(std::vector<Target> &all)
{
    for (const char *id :
         {"close-1", "close-8", "close-64", "close-8-running", "close-64-running"}) {
        const std::string subject = id;
        all.push_back({subject + ", x bare barrier",
                       1.2,
                       subject + "/holdfast",
                       {subject + "/bare-barrier"},
                       ""});
    }
    for (const char *id : {"close-many", "close-many-running"})
        all.push_back({std::string(id) + ", each, ns", 60, std::string(id) + "/holdfast", {}, ""});
}

void cost_targets(std::vector<Target> &all)
{
    all.push_back({"memory, 10 M live, bytes each", 17, "memory-10M/holdfast", {}, ""});
    all.push_back({"hot region at level 1, x level 0",
                   1.05,
                   "region/holdfast-inlined-level-1",
                   {"region/holdfast-inlined"},
                   ""});
    all.push_back({"open+close: stacks (level 1) add, ns",
                   60,
                   "open-close/holdfast-level-1",
                   {},
                   "open-close/holdfast"});
}

void timer_targets(std::vector<Target> &all)
{
    for (const char *work : {"cancel-arm", "fire", "rearm"}) {
        const std::string subject = std::string("timers-") + work + "-1M";
        all.push_back(
            {subject + ", x libuv", 0.5, subject + "/holdfast-wheel", {subject + "/libuv"}, ""});
    }
}

std::vector<Target> all_targets()
{
    std::vector<Target> all;
    look_up_targets(all);
    hot_region_targets(all);
    counted_targets(all);
    life_targets(all);
    closing_targets(all);
    cost_targets(all);
    timer_targets(all);
    return all;
}
} // namespace

void print_targets(const Suite &suite)
{
    unsigned met = 0;
    unsigned missed = 0;
    unsigned unknown = 0;
    std::printf("\nTargets\n  %-58s %9s %12s\n", "", "at most", "measured");
    for (const Target &target : all_targets()) {
        const auto value = value_of(suite, target);
        const bool good = value && *value <= target.limit;
        unsigned &count = !value ? unknown : good ? met : missed;
        count++;
        std::printf("  %-58s %9g %12s  %s\n", target.text.c_str(), target.limit,
                    value ? rounded_up(*value).c_str() : "-",
                    !value ? "not measured"
                    : good ? "met"
                           : "MISSED");
    }
    std::printf("\n%u targets met, %u missed, %u not measured.\n", met, missed, unknown);
}
} // namespace bench
