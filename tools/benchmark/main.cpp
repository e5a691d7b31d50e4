// Runs the benchmarks: all contestants interleaved at random, several short repetitions each, so
// that what else the machine does falls on all of them alike.
#include "company.hpp"
#include "guarded.h"
#include "options.hpp"
#include "subjects.hpp"
#include "tables.hpp"

#include <cstdio>
#include <vector>

namespace
{
void start_google_benchmark(const bench::Options &options)
{
    // Static: Google Benchmark keeps the name of the program.
    static std::vector<std::string> words = {"bench",
                                             "--benchmark_enable_random_interleaving=true"};
    words.push_back(options.quick ? "--benchmark_repetitions=3" : "--benchmark_repetitions=11");
    words.push_back(options.quick ? "--benchmark_min_time=0.02" : "--benchmark_min_time=0.05");
    if (!options.json.empty()) {
        words.push_back("--benchmark_out=" + options.json);
        words.push_back("--benchmark_out_format=json");
    }
    std::vector<char *> arguments;
    for (std::string &word : words)
        arguments.push_back(word.data());
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());
}

void describe_machine()
{
    const benchmark::CPUInfo &machine = benchmark::CPUInfo::Get();
    std::printf("Holdfast %s, compiler %s, %d processors at %.0f MHz\n", bench_guarded_version(),
                __VERSION__, machine.num_cpus, machine.cycles_per_second / 1e6);
    if (!machine.load_avg.empty() && machine.load_avg.front() > 0.5)
        std::printf("The machine was busy before (load %.1f): figures of two threads may be off.\n",
                    machine.load_avg.front());
    std::fflush(stdout);
}

void add_subjects(bench::Suite &suite, bool quick)
{
    bench::add_memory(suite); // first, while there is one thread
    bench::add_look_ups(suite);
    bench::add_regions(suite);
    bench::add_references(suite);
    bench::add_open_close(suite);
    bench::add_lives(suite);
    bench::add_closing(suite);
    bench::add_timers(suite, quick);
}

int run(bench::Suite &suite)
{
    if (!bench_guarded_start()) {
        std::fprintf(stderr, "bench: Holdfast's tables could not be created\n");
        return 1;
    }
    // The process has two threads all the time: while it has one, libstdc++ counts without locking.
    bench::Bystander bystander;
    describe_machine();
    std::fprintf(stderr, "%zu benchmarks\n", suite.registered());
    benchmark::RunSpecifiedBenchmarks(&suite);
    bench::end_progress();
    bench::print_tables(suite);
    bench::print_targets(suite);
    for (const std::string &failure : suite.failures())
        std::fprintf(stderr, "bench: %s\n", failure.c_str());
    return suite.failures().empty() ? 0 : 1;
}
} // namespace

int main(int count, char **arguments)
{
    const auto options = bench::parse_options(count, arguments);
    if (!options)
        return 2;
    if (options->help) {
        bench::print_help();
        return 0;
    }
    start_google_benchmark(*options);
    bench::Suite suite(options->filter);
    add_subjects(suite, options->quick);
    if (!suite.matched()) {
        std::fprintf(stderr,
                     "bench: --filter matches no benchmark; names are subject/contestant, "
                     "such as %s\n",
                     bench::kXaddPair);
        return 2;
    }
    return run(suite);
}
