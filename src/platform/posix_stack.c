/* The system's unwinder, and the objects that addresses lie in. */
#include "platform/symbols.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

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
static bool is_in_code(const hf_object *object, uintptr_t address)
{
    for (size_t i = 0; i < object->segment_count; i++) {
        const ElfW(Phdr) *segment = &object->segments[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0 &&
            address - object->bias - segment->p_vaddr < segment->p_memsz)
            return true;
    }
    return false;
}

bool hf_os_is_code(uintptr_t address)
{
    hf_object object;
    return hf_object_find(address, &object) && is_in_code(&object, address);
}

/* ---- build ids ------------------------------------------------------------------------------- */

static size_t rounded(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) & ~(unit - 1);
}

/* Looks for it among the notes of a segment. */
static size_t find_in_notes(const char *notes, size_t bytes, size_t unit, unsigned char *id,
                            size_t size)
{
    ElfW(Nhdr) note;
    while (bytes >= sizeof note) {
        memcpy(&note, notes, sizeof note);
        size_t name = rounded(note.n_namesz, unit);
        size_t body = rounded(note.n_descsz, unit);
        size_t left = bytes - sizeof note;
        if (name > left || body > left - name)
            return 0;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof ELF_NOTE_GNU &&
            memcmp(notes + sizeof note, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0) {
            size_t length = note.n_descsz < size ? note.n_descsz : size;
            memcpy(id, notes + sizeof note + name, length);
            return length;
        }
        notes += sizeof note + name + body;
        bytes = left - name - body;
    }
    return 0;
}

size_t hf_object_build_id(const hf_object *object, unsigned char *id, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < object->segment_count && length == 0; i++) {
        const ElfW(Phdr) *segment = &object->segments[i];
        uintptr_t start = object->bias + segment->p_vaddr;
        if (segment->p_type == PT_NOTE && start >= object->start && start < object->end &&
            segment->p_memsz <= object->end - start)
            length = find_in_notes((const char *)start, segment->p_memsz,
                                   segment->p_align == 8 ? 8 : 4, id, size);
    }
    return length;
}

#ifdef DLFO_STRUCT_HAS_EH_DBASE

/* The program's own headers, as the kernel tells them, and where its segments lie.  It maps them as
 * they are, with gaps if there are any; the system then answers with the one segment in which an
 * address lies, and there the headers are not. */
static void find_program_headers(hf_object *out)
{
    const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    size_t count = getauxval(AT_PHNUM);
    bool are_its_own = false;
    for (size_t i = 0; headers != NULL && i < count; i++)
        are_its_own = are_its_own || (headers[i].p_type == PT_PHDR &&
                                      out->bias + headers[i].p_vaddr == (uintptr_t)headers);
    if (!are_its_own)
        return;
    out->segments = headers;
    out->segment_count = count;
    for (size_t i = 0; i < count; i++) {
        uintptr_t start = out->bias + headers[i].p_vaddr;
        if (headers[i].p_type != PT_LOAD)
            continue;
        out->start = start < out->start ? start : out->start;
        out->end = start + headers[i].p_memsz > out->end ? start + headers[i].p_memsz : out->end;
    }
}

/* glibc 2.35 and later: takes no lock, so that a signal handler may ask. */
bool hf_object_find(uintptr_t address, hf_object *out)
{
    struct dl_find_object found;
    if (_dl_find_object((void *)address, &found) != 0)
        return false;
    const ElfW(Ehdr) *head = found.dlfo_map_start;
    const char *bytes = found.dlfo_map_start;
    size_t size = (size_t)((const char *)found.dlfo_map_end - bytes);
    out->bias = found.dlfo_link_map->l_addr;
    out->path = found.dlfo_link_map->l_name;
    out->start = (uintptr_t)found.dlfo_map_start;
    out->end = (uintptr_t)found.dlfo_map_end;
    out->segments = NULL;
    out->segment_count = 0;
    /* The headers are the first that linkers put into an object's first segment. */
    if (size >= sizeof *head && memcmp(head->e_ident, ELFMAG, SELFMAG) == 0 &&
        head->e_phoff < hf_os_page_size() - sizeof(ElfW(Phdr))) {
        out->segments = (const ElfW(Phdr) *)(const void *)(bytes + head->e_phoff);
        out->segment_count = head->e_phnum;
    } else if (found.dlfo_link_map->l_prev == NULL) {
        find_program_headers(out);
    }
    return true;
}

#else

typedef struct object_question {
    uintptr_t address;
    hf_object *out;
} object_question;

static bool covers(const struct dl_phdr_info *object, uintptr_t address)
{
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        if (object->dlpi_phdr[i].p_type == PT_LOAD &&
            address - object->dlpi_addr - object->dlpi_phdr[i].p_vaddr <
                object->dlpi_phdr[i].p_memsz)
            return true;
    }
    return false;
}

static void find_bounds(hf_object *object)
{
    object->start = UINTPTR_MAX;
    for (size_t i = 0; i < object->segment_count; i++) {
        const ElfW(Phdr) *segment = &object->segments[i];
        uintptr_t start = object->bias + segment->p_vaddr;
        if (segment->p_type != PT_LOAD)
            continue;
        object->start = start < object->start ? start : object->start;
        object->end =
            start + segment->p_memsz > object->end ? start + segment->p_memsz : object->end;
    }
}

static int look_into_object(struct dl_phdr_info *object, size_t size, void *argument)
{
    object_question *asked = argument;
    (void)size;
    if (!covers(object, asked->address))
        return 0;
    *asked->out = (hf_object){.bias = object->dlpi_addr,
                              .path = object->dlpi_name,
                              .segments = object->dlpi_phdr,
                              .segment_count = object->dlpi_phnum};
    find_bounds(asked->out);
    return 1;
}

bool hf_object_find(uintptr_t address, hf_object *out)
{
    object_question asked = {.address = address, .out = out};
    return dl_iterate_phdr(look_into_object, &asked) == 1;
}

#endif
