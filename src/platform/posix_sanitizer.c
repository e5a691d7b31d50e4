/* The sanitizers' run-time libraries.
 *
 * What was learnt of those of gcc 12 and clang 14, and is relied on.  While AddressSanitizer's
 * callback runs, its thread holds the lock of its reports, but neither that of its symbolizer nor
 * that of its threads: to symbolize and to look a block up is safe there, but to wait for a thread
 * that may itself be about to report is not.  A second error in the callback ends the process.  Its
 * summary is any text, written as it is, with a line end, to wherever it writes: that is the one
 * door to its log file.  A text there of 16 KiB or more ends the process. */
#include "platform/sanitizer.h"

#include "platform/platform.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define HF_WEAK __attribute__((weak))

HF_WEAK void __sanitizer_symbolize_pc(void *pc, const char *format, char *out, size_t size);
HF_WEAK const char *__sanitizer_get_report_path(void);
HF_WEAK void __sanitizer_set_report_path(const char *path);
HF_WEAK void __sanitizer_report_error_summary(const char *text);
HF_WEAK void __lsan_register_root_region(const void *address, size_t bytes);
HF_WEAK void __asan_set_error_report_callback(void (*function)(const char *report));
HF_WEAK int __asan_report_present(void);
HF_WEAK void *__asan_get_report_address(void);
HF_WEAK void *__asan_get_report_sp(void);
HF_WEAK const char *__asan_locate_address(void *address, char *name, size_t name_size,
                                          void **region, size_t *region_size);
HF_WEAK int __asan_address_is_poisoned(const volatile void *address);
HF_WEAK void __asan_init(void);
HF_WEAK void __tsan_init(void);
HF_WEAK const char *__asan_default_options(void);
HF_WEAK const char *__tsan_default_options(void);
HF_WEAK const char *__lsan_default_options(void);
HF_WEAK const char *__ubsan_default_options(void);
HF_WEAK int LLVMFuzzerRunDriver(int *count, char ***arguments,
                                int (*test)(const uint8_t *data, size_t size));
HF_WEAK int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_there(void)
{
    return __sanitizer_symbolize_pc != NULL;
}

/* ---- its options, its output, its end ------------------------------------------------------- */

typedef const char *compiled_in(void);

static const char *text_of(bool there, compiled_in *function)
{
    return there && function != NULL ? function() : NULL;
}

static const char *variable(bool there, const char *name)
{
    return there ? hf_os_environment(name) : NULL;
}

/* A program may define one of those functions, and be built without the runtime that calls it. */
const char *hf_sanitizer_options(unsigned number)
{
    bool there = is_there();
    bool asan = __asan_init != NULL;
    bool tsan = __tsan_init != NULL;
    switch (number) {
    case 0:
        return text_of(asan, __asan_default_options);
    case 1:
        return text_of(tsan, __tsan_default_options);
    case 2:
        return text_of(there && !tsan, __lsan_default_options);
    case 3:
        return text_of(there, __ubsan_default_options);
    case 4:
        return variable(asan, "ASAN_OPTIONS");
    case 5:
        return variable(tsan, "TSAN_OPTIONS");
    case 6:
        return variable(there && __lsan_register_root_region != NULL, "LSAN_OPTIONS");
    default:
        return variable(there, "UBSAN_OPTIONS");
    }
}

bool hf_sanitizer_is_fuzzing(void)
{
    return LLVMFuzzerRunDriver != NULL && LLVMFuzzerTestOneInput != NULL;
}

bool hf_sanitizer_has_log(void)
{
    int saved = errno;
    const char *path = __sanitizer_get_report_path != NULL ? __sanitizer_get_report_path() : NULL;
    errno = saved;
    return path != NULL && path[0] != '\0';
}

void hf_sanitizer_set_log(const char *path)
{
    if (__sanitizer_set_report_path != NULL)
        __sanitizer_set_report_path(path);
}

/* The length of the next piece: to the end of a line, if there is one in it. */
static size_t piece_of(const char *text, size_t length)
{
    if (length <= HF_SANITIZER_PIECE)
        return length;
    const char *end = memrchr(text, '\n', HF_SANITIZER_PIECE);
    return end != NULL ? (size_t)(end - text) + 1 : HF_SANITIZER_PIECE;
}

/* The runtime adds the end of the line, so one is taken away, for as long. */
static void write_piece(char *text, size_t length)
{
    char *end = text[length - 1] == '\n' ? &text[length - 1] : &text[length];
    char was = *end;
    *end = '\0';
    __sanitizer_report_error_summary(text);
    *end = was;
}

void hf_sanitizer_write(char *text, size_t length)
{
    int saved = errno;
    while (length > 0 && __sanitizer_report_error_summary != NULL) {
        size_t part = piece_of(text, length);
        write_piece(text, part);
        text += part;
        length -= part;
    }
    errno = saved;
}

void hf_sanitizer_exit(int code)
{
    _exit(code);
}

/* ---- names ---------------------------------------------------------------------------------- */

bool hf_sanitizer_name(uintptr_t pc, char *text, size_t size)
{
    if (!is_there())
        return false;
    int saved = errno;
    memset(text, 0, size);
    __sanitizer_symbolize_pc((void *)pc, "%f\n%s\n%l", text, size - 1);
    errno = saved;
    return true;
}

/* ---- AddressSanitizer's reports ------------------------------------------------------------- */

bool hf_sanitizer_is_reporting(void)
{
    return __asan_report_present != NULL && __asan_report_present() != 0;
}

uintptr_t hf_sanitizer_report_stack(void)
{
    return __asan_get_report_sp != NULL ? (uintptr_t)__asan_get_report_sp() : 0;
}

uintptr_t hf_sanitizer_report_address(void)
{
    return __asan_get_report_address != NULL && hf_sanitizer_is_reporting()
               ? (uintptr_t)__asan_get_report_address()
               : 0;
}

bool hf_sanitizer_block(uintptr_t address, uintptr_t *start, size_t *size)
{
    char name[16];
    void *region = NULL;
    if (__asan_locate_address == NULL)
        return false;
    const char *kind = __asan_locate_address((void *)address, name, sizeof name, &region, size);
    *start = (uintptr_t)region;
    return kind != NULL && strcmp(kind, "heap") == 0 && region != NULL;
}

void hf_sanitizer_call_after_report(void (*function)(const char *report))
{
    if (__asan_set_error_report_callback != NULL)
        __asan_set_error_report_callback(function);
}

/* ---- memory --------------------------------------------------------------------------------- */

bool hf_sanitizer_forbids(const void *address)
{
    return __asan_address_is_poisoned != NULL && __asan_address_is_poisoned(address) != 0;
}

void hf_sanitizer_keep_roots(const void *address, size_t bytes)
{
    if (__lsan_register_root_region != NULL)
        __lsan_register_root_region(address, bytes);
}
