/* The system's unwinder, and whether an address is code. */
#include "platform/platform.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#if defined(__has_include)
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#define HAVE_BACKTRACE 1
#endif
#endif
#ifndef HAVE_BACKTRACE
#define HAVE_BACKTRACE 0
#endif

size_t hf_os_unwind(uintptr_t *frames, size_t capacity)
{
#if HAVE_BACKTRACE
    _Static_assert(sizeof(void *) == sizeof(uintptr_t), "an address is a word");
    int saved = errno;
    int count = backtrace((void **)(void *)frames, (int)capacity);
    errno = saved;
    return count > 0 ? (size_t)count : 0;
#else
    (void)frames;
    (void)capacity;
    return 0;
#endif
}

/* Whether a segment with instructions covers the address. */
static bool is_in_code(const ElfW(Phdr) * segments, size_t count, uintptr_t base, uintptr_t address)
{
    for (size_t i = 0; i < count; i++) {
        if (segments[i].p_type == PT_LOAD && (segments[i].p_flags & PF_X) != 0 &&
            address - base - segments[i].p_vaddr < segments[i].p_memsz)
            return true;
    }
    return false;
}

#ifdef DLFO_STRUCT_HAS_EH_DBASE

/* glibc 2.35 and later: takes no lock. */
bool hf_os_is_code(uintptr_t address)
{
    struct dl_find_object found;
    if (_dl_find_object((void *)address, &found) != 0) /* NOLINT(performance-no-int-to-ptr) */
        return false;
    const ElfW(Ehdr) *head = found.dlfo_map_start;
    uintptr_t end = (uintptr_t)found.dlfo_map_end;
    if (end - (uintptr_t)head < sizeof *head || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
        head->e_phoff > hf_os_page_size() - sizeof(ElfW(Phdr)))
        return true; /* its headers are not where they use to be: the object is all that is known */
    const char *segments = (const char *)head + head->e_phoff;
    return is_in_code((const ElfW(Phdr) *)(const void *)segments, head->e_phnum,
                      found.dlfo_link_map->l_addr, address);
}

#else

typedef struct code_question {
    uintptr_t address;
    bool answer;
} code_question;

static int look_into_object(struct dl_phdr_info *object, size_t size, void *argument)
{
    code_question *asked = argument;
    (void)size;
    asked->answer =
        is_in_code(object->dlpi_phdr, object->dlpi_phnum, object->dlpi_addr, asked->address);
    return asked->answer;
}

bool hf_os_is_code(uintptr_t address)
{
    code_question asked = {.address = address};
    (void)dl_iterate_phdr(look_into_object, &asked);
    return asked.answer;
}

#endif
