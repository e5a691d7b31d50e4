/* Compiler attributes, export marks and version of Holdfast.  Included by every other header.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_BASE_H
#define HOLDFAST_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HF_VERSION_MAJOR 0
#define HF_VERSION_MINOR 1
#define HF_VERSION_PATCH 0

#ifdef __cplusplus
#define HF_BEGIN_DECLS                    extern "C" {
#define HF_END_DECLS                      }
#define HF_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define HF_BEGIN_DECLS
#define HF_END_DECLS
#define HF_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* HF_API marks what the library exports; everything else has hidden visibility.  Define HF_STATIC
 * on Windows to use the static library. */
#if defined(_WIN32) && !defined(HF_STATIC)
#ifdef HF_BUILDING
#define HF_API __declspec(dllexport)
#else
#define HF_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define HF_API __attribute__((visibility("default")))
#else
#define HF_API
#endif

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HF_TSAN_BUILD_ 1
#endif
#if __has_feature(address_sanitizer)
#define HF_ASAN_BUILD_ 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define HF_TSAN_BUILD_ 1
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HF_ASAN_BUILD_ 1
#endif

/* HF_INLINE_REGIONS is 1 when hf_enter, hf_leave and hf_is_live are also defined in the headers, so
 * that the compiler can inline their hot path.  Define HF_NO_INLINE to call the library for them
 * instead; ThreadSanitizer builds always do, because the sanitizer cannot see the asymmetric
 * barrier on which the inlined code relies, and AddressSanitizer builds, because a look-up with a
 * handle that is stale or damaged reads what is poisoned for everybody else. */
#if defined(__GNUC__) && !defined(HF_NO_INLINE) && !defined(HF_TSAN_BUILD_) && \
    (!defined(HF_ASAN_BUILD_) || defined(HF_TWINS_)) && !defined(_WIN32)
#define HF_INLINE_REGIONS 1
#else
#define HF_INLINE_REGIONS 0
#endif

/* Called through its address, without a jump in between: for what is called in inner loops. */
#ifdef __has_attribute
#if __has_attribute(noplt)
#define HF_NO_PLT_ __attribute__((noplt))
#endif
#endif
#ifndef HF_NO_PLT_
#define HF_NO_PLT_
#endif

#ifdef __GNUC__
#define HF_NODISCARD __attribute__((warn_unused_result))
/* For the hot path in the headers, which is small but has many exits. */
#define HF_ALWAYS_INLINE_      inline __attribute__((always_inline))
#define HF_LIKELY(x)           (__builtin_expect(!!(x), 1))
#define HF_COLD                __attribute__((cold))
#define HF_HOT                 __attribute__((hot)) /* laid side by side */
#define HF_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define HF_NODISCARD
#define HF_ALWAYS_INLINE_ inline
#define HF_LIKELY(x)      (x)
#define HF_COLD
#define HF_HOT
#define HF_PRINTF(text, first)
#endif

/* HF_RETURNS_OWNED(free): the result is a new object that must be given to `free`.  gcc's static
 * analyser then finds leaks, double frees and mismatched frees of it. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#define HF_RETURNS_OWNED(free_function) __attribute__((malloc, malloc(free_function, 1)))
#else
#define HF_RETURNS_OWNED(free_function)
#endif

HF_BEGIN_DECLS

/* The version of the library that is linked, as "major.minor.patch".  Static storage.  Any thread,
 * signal handlers and callbacks included; never blocks. */
HF_API const char *hf_version(void);

HF_END_DECLS

#endif
