// C++ shared_ptr: a copy for each stay, plain and through the atomic free functions.
//
// libstdc++ counts without locked instructions while a process has one thread, so the program keeps
// a second one parked all the time (see main.cpp).
#include "peers.h"

#include <cstdint>
#include <memory>

namespace
{
struct Cell {
    explicit Cell(std::uint64_t initial) : value(initial)
    {
    }
    std::uint64_t value;
};

using Pointer = std::shared_ptr<Cell>;

void *make()
{
    return new Pointer(std::make_shared<Cell>(BENCH_VALUE));
}

void destroy(void *subject)
{
    delete static_cast<Pointer *>(subject);
}

std::uint64_t loop(void *subject, std::uint64_t count)
{
    std::uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        subject = bench_opaque_pointer(subject);
        Pointer copy = *static_cast<Pointer *>(subject);
        sum += copy->value;
    }
    return sum;
}

std::uint64_t atomic_loop(void *subject, std::uint64_t count)
{
    std::uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        subject = bench_opaque_pointer(subject);
        Pointer copy = std::atomic_load(static_cast<Pointer *>(subject));
        sum += copy->value;
    }
    return sum;
}

std::uint64_t life_loop(void *, std::uint64_t count)
{
    std::uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        Pointer made = std::make_shared<Cell>(BENCH_VALUE);
        bench_opaque_pointer(made.get());
        sum += made->value;
    }
    return sum;
}

// For the memory of many: a key is an index into the vector, which is given its room beforehand.
void *table_make(std::uint64_t live, std::uint64_t *keys)
{
    auto *pointers = new Pointer[live];
    for (std::uint64_t i = 0; i < live; i++) {
        pointers[i] = std::make_shared<Cell>(BENCH_VALUE);
        keys[i] = i;
    }
    return pointers;
}
} // namespace

extern "C" {
const bench_peer bench_shared_ptr = {"shared_ptr-copy", make, destroy, loop, nullptr, nullptr};
const bench_peer bench_atomic_shared_ptr = {"shared_ptr-atomic", make,    destroy,
                                            atomic_loop,         nullptr, nullptr};
const bench_peer bench_shared_ptr_life = {"shared_ptr-make", make,    destroy,
                                          life_loop,         nullptr, nullptr};
const bench_table_peer bench_shared_ptr_table = {"shared_ptr", table_make, nullptr};
}
