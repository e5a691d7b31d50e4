// Registers benchmarks and gathers their results.
#include "suite.hpp"

#include <algorithm>
#include <cstdio>
#include <unistd.h>
#include <utility>

namespace bench
{
Suite::Suite(std::optional<std::regex> filter) : filter_(std::move(filter))
{
}

void Suite::subject(std::string id, std::string title, Counts counts, std::string unit,
                    std::string base, std::string base_title)
{
    subjects_.push_back({std::move(id),
                         std::move(title),
                         std::move(unit),
                         counts,
                         std::move(base),
                         std::move(base_title),
                         {}});
}

bool Suite::selected(const std::string &name) const
{
    return !filter_ || std::regex_search(name, *filter_);
}

bool Suite::wants(const std::string &contestant) const
{
    return selected(subjects_.back().id + "/" + contestant);
}

void Suite::add(const std::string &contestant, Body body, const Settings &settings)
{
    const std::string name = subjects_.back().id + "/" + contestant;
    const bool wanted = selected(name);
    matched_ = matched_ || wanted;
    if (!wanted && name != kArray && name != kXaddPair)
        return;
    subjects_.back().contestants.push_back(contestant);
    registered_++;
    auto *made = benchmark::RegisterBenchmark(
        name.c_str(), [name, body = std::move(body)](benchmark::State &state) {
            if (state.thread_index() == 0)
                show_progress(name);
            body(state);
        });
    if (settings)
        settings(made);
    else
        made->UseRealTime();
}

const std::vector<Subject> &Suite::subjects() const
{
    return subjects_;
}

const std::vector<std::string> &Suite::failures() const
{
    return failures_;
}

std::size_t Suite::registered() const
{
    return registered_;
}

bool Suite::matched() const
{
    return matched_;
}

std::optional<Measured> Suite::measured(const std::string &name) const
{
    auto found = samples_.find(name);
    if (found == samples_.end() || found->second.empty())
        return std::nullopt;
    std::vector<double> sorted = found->second;
    std::sort(sorted.begin(), sorted.end());
    const std::size_t middle = sorted.size() / 2;
    const double median =
        sorted.size() % 2 != 0 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return Measured{median, sorted.front()};
}

Counts Suite::counts_of(const std::string &name) const
{
    const std::string id = name.substr(0, name.find('/'));
    for (const Subject &subject : subjects_)
        if (subject.id == id)
            return subject.counts;
    return Counts::median;
}

std::optional<double> Suite::figure(const std::string &name) const
{
    const auto found = measured(name);
    if (!found)
        return std::nullopt;
    return counts_of(name) == Counts::least ? found->least : found->median;
}

bool Suite::ReportContext(const Context &)
{
    return true;
}

// Google Benchmark divides the time by the iterations of all threads together; what counts here is
// the wall time of one operation on one thread.
void Suite::ReportRuns(const std::vector<Run> &runs)
{
    for (const Run &run : runs) {
        const std::string &name = run.run_name.function_name;
        if (run.error_occurred)
            failures_.push_back(name + ": " + run.error_message);
        if (run.error_occurred || run.run_type != Run::RT_Iteration)
            continue;
        auto bytes = run.counters.find(kBytes);
        if (bytes != run.counters.end())
            samples_[name].push_back(bytes->second.value);
        else
            samples_[name].push_back(run.GetAdjustedRealTime() * static_cast<double>(run.threads));
    }
}

void show_progress(const std::string &name)
{
    static unsigned runs;
    if (isatty(STDERR_FILENO))
        std::fprintf(stderr, "\r[%u] %-60.60s", ++runs, name.c_str());
}

void end_progress()
{
    if (isatty(STDERR_FILENO))
        std::fprintf(stderr, "\r%-70s\r", "");
}
} // namespace bench
