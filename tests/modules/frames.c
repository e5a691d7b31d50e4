#include "frames.h"

#include <alloca.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default"), noinline))
#define KEPT     __attribute__((noinline))

/* Keeps a local where it is, and its function's frame until here. */
#define USED(address) __asm__ volatile("" : : "r"(address) : "memory")

#ifndef ROOM
#define ROOM 1000
#endif

EXPORTED void frames_replaced(frames_callback *callback, void *context)
{
    char room[ROOM];
    USED(room);
    callback(context);
    USED(room);
}

KEPT static void plain(frames_callback *callback, void *context, int depth)
{
    int local = depth;
    if (depth > 0)
        plain(callback, context, depth - 1);
    else
        callback(context);
    USED(&local);
}

/* Called through the module's table of stubs: another object might define it as well. */
EXPORTED void frames_across(frames_callback *callback, void *context, int depth)
{
    int local = depth;
    if (depth > 0)
        frames_across(callback, context, depth - 1);
    else
        plain(callback, context, 0);
    USED(&local);
}

KEPT static void with_alloca(frames_callback *callback, void *context, int depth)
{
    char *room = alloca((size_t)depth * 40 + 24);
    USED(room);
    if (depth > 0)
        with_alloca(callback, context, depth - 1);
    else
        callback(context);
    USED(room);
}

KEPT static void realigned(frames_callback *callback, void *context, int depth)
{
    _Alignas(64) char room[128];
    char *more = alloca((size_t)depth + 1);
    USED(room);
    USED(more);
    if (depth > 0)
        realigned(callback, context, depth - 1);
    else
        callback(context);
    USED(room);
}

typedef long vector __attribute__((vector_size(64)));

KEPT static void vectors(frames_callback *callback, void *context, int depth)
{
    vector room = {depth};
    USED(&room);
    if (depth > 0)
        vectors(callback, context, depth - 1);
    else
        callback(context);
    USED(&room);
}

KEPT static void many_arguments(frames_callback *callback, void *context, int depth, long a, long b,
                                long c, long d, long e)
{
    _Alignas(32) long sums[4] = {a, b, c + d, e};
    USED(sums);
    if (depth > 0)
        many_arguments(callback, context, depth - 1, e, d, c, b, a);
    else
        callback(context);
    USED(sums);
}

static void on_stack(frames_callback *callback, void *context, int depth)
{
    many_arguments(callback, context, depth, 1, 2, 3, 4, 5);
}

KEPT static long variadic_inner(frames_callback *callback, void *context, int count, ...)
{
    va_list arguments;
    long sum = 0;
    va_start(arguments, count);
    for (int i = 0; i < count; i++)
        sum += va_arg(arguments, int);
    callback(context);
    for (int i = 0; i < count; i++)
        sum += va_arg(arguments, int);
    va_end(arguments);
    return sum;
}

KEPT static void variadic(frames_callback *callback, void *context, int depth)
{
    long sum = variadic_inner(callback, context, 2, depth, depth + 1, 3, 4);
    USED(&sum);
}

KEPT static void large(frames_callback *callback, void *context, int depth)
{
    char room[200000];
    room[depth] = 1;
    USED(room);
    callback(context);
    USED(room);
}

KEPT static void huge(frames_callback *callback, void *context, int depth)
{
    char room[3000000];
    room[depth] = 1;
    USED(room);
    callback(context);
    USED(room);
}

/* The frame pointer's register is a number like any other. */
KEPT static void registers(frames_callback *callback, void *context, int depth)
{
    unsigned long a = (unsigned long)depth * 3, b = a ^ 5, c = a * 7, d = b + c, e = d * 11,
                  f = e ^ a;
    for (int i = 0; i < 3; i++) {
        __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
        callback(context);
        a += b ^ c, b += d, c ^= e, d += f, e *= 3, f -= a;
    }
    USED(&a);
    __asm__ volatile("" : : "r"(b), "r"(c), "r"(d), "r"(e), "r"(f));
}

typedef struct sorting {
    frames_callback *callback;
    void *context;
    int called;
} sorting;

static int order(const void *left, const void *right, void *argument)
{
    sorting *now = argument;
    if (now->called++ < 4)
        now->callback(now->context);
    return memcmp(left, right, sizeof(int));
}

KEPT static void sorted(frames_callback *callback, void *context, int depth)
{
    int numbers[64];
    sorting now = {callback, context, 0};
    for (int i = 0; i < 64; i++)
        numbers[i] = (i * 37 + depth) % 64;
    qsort_r(numbers, 64, sizeof numbers[0], order, &now);
    USED(numbers);
}

static void clean(int *of)
{
    USED(of);
}

/* With a personality, and a table of what is to be done. */
KEPT static void cleaned(frames_callback *callback, void *context, int depth)
{
    int local __attribute__((cleanup(clean))) = depth;
    if (depth > 0)
        cleaned(callback, context, depth - 1);
    else
        callback(context);
    USED(&local);
}

__attribute__((visibility("default"))) extern const frames_way frames_ways[];
const frames_way frames_ways[] = {
    {"plain", plain},
    {"across", frames_across},
    {"alloca", with_alloca},
    {"realigned", realigned},
    {"vectors", vectors},
    {"on_stack", on_stack},
    {"variadic", variadic},
    {"large", large},
    {"huge", huge},
    {"registers", registers},
    {"sorted", sorted},
    {"cleaned", cleaned},
    {NULL, NULL},
};
