// The suite: which contestants run in which subject, and what they measured.
//
// A benchmark's name is "subject/contestant".  The suite registers with Google Benchmark what the
// filter asks for (and the contestants that every ratio refers to), and is itself the reporter that
// gathers the results, one for each repetition.
#ifndef BENCH_SUITE_HPP
#define BENCH_SUITE_HPP

#include <benchmark/benchmark.h>

#include <functional>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

namespace bench
{
struct Measured {
    double median;
    double least;
};

// Which of the repetitions counts.
enum class Counts {
    least, // where one thread works: what else the machine does can only add to it
    median // where several do: they may also be kept from meeting
};

struct Subject {
    std::string id;
    std::string title;
    std::string unit; // "ns" or "bytes"
    Counts counts;
    std::string base;       // benchmark that the first column of ratios refers to
    std::string base_title; // "x array"
    std::vector<std::string> contestants;
};

// What every subject is compared with, unless it has an array of its own.
inline constexpr const char *kArray = "region/array-generation";
inline constexpr const char *kXaddPair = "region/xadd-pair";

// The counter with which a benchmark that measures no time gives its figure.
inline constexpr const char *kBytes = "bytes";

using Body = std::function<void(benchmark::State &)>;
using Settings = std::function<void(benchmark::internal::Benchmark *)>;

class Suite : public benchmark::BenchmarkReporter
{
  public:
    // Without a filter everything runs.
    explicit Suite(std::optional<std::regex> filter);

    void subject(std::string id, std::string title, Counts counts, std::string unit = "ns",
                 std::string base = kArray, std::string base_title = "x array");
    // Whether the filter leaves this one in; only then does preparing for it make sense.
    bool wants(const std::string &contestant) const;
    // Adds a contestant to the subject named last.  Without settings it is timed by the wall clock.
    void add(const std::string &contestant, Body body, const Settings &settings = {});

    const std::vector<Subject> &subjects() const;
    std::optional<Measured> measured(const std::string &name) const;
    // The one that counts.
    std::optional<double> figure(const std::string &name) const;
    const std::vector<std::string> &failures() const;
    std::size_t registered() const;
    bool matched() const; // the filter left something in

  private:
    bool ReportContext(const Context &context) override;
    void ReportRuns(const std::vector<Run> &runs) override;
    bool selected(const std::string &name) const;
    Counts counts_of(const std::string &name) const;

    std::optional<std::regex> filter_;
    std::vector<Subject> subjects_;
    std::map<std::string, std::vector<double>> samples_;
    std::vector<std::string> failures_;
    std::size_t registered_ = 0;
    bool matched_ = false;
};

// Writes what runs now to standard error, if that is a terminal.
void show_progress(const std::string &name);
void end_progress();
} // namespace bench

#endif
