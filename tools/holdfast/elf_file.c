/* ELF headers of either width and byte order.  Read by hand: each start of the command does it, and
 * a library for it would take longer to load than all else takes. */
#include "elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct image {
    int file;
    size_t held; /* how much of the file's beginning is in memory */
    unsigned char bytes[4096];
} image;

/* Where the fields are, by the file's class. */
typedef struct layout {
    size_t header_bytes;
    size_t word; /* bytes of an address, an offset or a size */
    size_t table_offset;
    size_t entry_bytes;
    size_t entry_count;
    size_t segment_bytes;
    size_t segment_offset;
    size_t segment_size;
} layout;

#define LAYOUT(width)                                                                \
    {                                                                                \
        .header_bytes = sizeof(Elf##width##_Ehdr), .word = sizeof(Elf##width##_Off), \
        .table_offset = offsetof(Elf##width##_Ehdr, e_phoff),                        \
        .entry_bytes = offsetof(Elf##width##_Ehdr, e_phentsize),                     \
        .entry_count = offsetof(Elf##width##_Ehdr, e_phnum),                         \
        .segment_bytes = sizeof(Elf##width##_Phdr),                                  \
        .segment_offset = offsetof(Elf##width##_Phdr, p_offset),                     \
        .segment_size = offsetof(Elf##width##_Phdr, p_filesz),                       \
    }
static const layout narrow = LAYOUT(32);
static const layout wide = LAYOUT(64);

enum { SEGMENT_BYTES_MAX = sizeof(Elf64_Phdr), MACHINE = offsetof(Elf64_Ehdr, e_machine) };

_Static_assert((int)MACHINE == (int)offsetof(Elf32_Ehdr, e_machine), "in both at the same place");
_Static_assert(offsetof(Elf64_Phdr, p_type) == 0 && offsetof(Elf32_Phdr, p_type) == 0,
               "a segment begins with its type");

static const char *architecture_of(uint64_t machine)
{
    switch (machine) {
    case EM_X86_64:
        return "x86-64";
    case EM_386:
        return "i386";
    case EM_AARCH64:
        return "AArch64";
    case EM_ARM:
        return "ARM";
    case EM_RISCV:
        return "RISC-V";
    case EM_PPC64:
        return "PowerPC64";
    case EM_S390:
        return "s390";
    default:
        return "unknown to holdfast";
    }
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Answers how many there were. */
static size_t read_at(const image *from, uint64_t offset, void *to, size_t size)
{
    if (offset <= from->held && size <= from->held - offset) {
        memcpy(to, from->bytes + offset, size);
        return size;
    }
    ssize_t got = offset <= INT64_MAX ? pread(from->file, to, size, (off_t)offset) : -1;
    return got > 0 ? (size_t)got : 0;
}

/* A number of the file's byte order. */
static uint64_t number(const elf_facts *of, const unsigned char *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at[of->data == ELFDATA2MSB ? i : bytes - 1 - i];
    return value;
}

/* ---- segments -------------------------------------------------------------------------------- */

typedef struct segment {
    uint64_t type;
    uint64_t offset;
    uint64_t size;
} segment;

static bool read_segment(const image *from, const elf_facts *of, const layout *as, uint64_t offset,
                         segment *out)
{
    unsigned char bytes[SEGMENT_BYTES_MAX];
    if (read_at(from, offset, bytes, as->segment_bytes) != as->segment_bytes)
        return false;
    out->type = number(of, bytes, sizeof(Elf64_Word));
    out->offset = number(of, bytes + as->segment_offset, as->word);
    out->size = number(of, bytes + as->segment_size, as->word);
    return true;
}

static void read_interpreter(const image *from, const segment *of, elf_facts *out)
{
    size_t room = sizeof out->interpreter - 1;
    size_t size = of->size < room ? (size_t)of->size : room;
    out->interpreter[read_at(from, of->offset, out->interpreter, size)] = '\0';
}

/* A dynamic linker has a name as a library; a program that is linked statically has none. */
static bool has_library_name(const image *from, const elf_facts *of, const layout *as,
                             const segment *dynamic)
{
    unsigned char entry[2 * sizeof(uint64_t)];
    size_t size = 2 * as->word;
    for (uint64_t done = 0; done + size <= dynamic->size; done += size) {
        if (read_at(from, dynamic->offset + done, entry, size) != size)
            return false;
        uint64_t tag = number(of, entry, as->word);
        if (tag == DT_SONAME || tag == DT_NULL)
            return tag == DT_SONAME;
    }
    return false;
}

static void read_segments(const image *from, const layout *as, elf_facts *out)
{
    uint64_t table = number(out, from->bytes + as->table_offset, as->word);
    uint64_t bytes = number(out, from->bytes + as->entry_bytes, sizeof(Elf64_Half));
    uint64_t count = number(out, from->bytes + as->entry_count, sizeof(Elf64_Half));
    segment dynamic = {.size = 0};
    segment each;
    for (uint64_t i = 0; i < count && read_segment(from, out, as, table + i * bytes, &each); i++) {
        if (each.type == PT_INTERP)
            read_interpreter(from, &each, out);
        else if (each.type == PT_DYNAMIC)
            dynamic = each;
    }
    out->is_loader = out->interpreter[0] == '\0' && has_library_name(from, out, as, &dynamic);
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool read_facts(const image *from, elf_facts *out)
{
    if (from->held < EI_NIDENT || memcmp(from->bytes, ELFMAG, SELFMAG) != 0)
        return false;
    out->elf_class = from->bytes[EI_CLASS];
    out->data = from->bytes[EI_DATA];
    const layout *as = out->elf_class == ELFCLASS64 ? &wide : &narrow;
    if ((out->elf_class != ELFCLASS64 && out->elf_class != ELFCLASS32) ||
        (out->data != ELFDATA2LSB && out->data != ELFDATA2MSB) || from->held < as->header_bytes)
        return false;
    out->machine = (uint16_t)number(out, from->bytes + MACHINE, sizeof out->machine);
    out->architecture = architecture_of(out->machine);
    read_segments(from, as, out);
    return true;
}

bool elf_read(const char *path, elf_facts *out)
{
    image from = {.file = open(path, O_RDONLY | O_CLOEXEC)};
    *out = (elf_facts){0};
    if (from.file < 0)
        return false;
    ssize_t got = pread(from.file, from.bytes, sizeof from.bytes, 0);
    from.held = got > 0 ? (size_t)got : 0;
    bool good = read_facts(&from, out);
    (void)close(from.file);
    return good;
}

/* ---- this program ---------------------------------------------------------------------------- */

/* Its header, where the linker has put it. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

bool elf_read_own(elf_facts *out)
{
    const ElfW(Ehdr) *header = &__ehdr_start;
    const char *start = (const char *)header;
    const ElfW(Phdr) *segments = (const ElfW(Phdr) *)(const void *)(start + header->e_phoff);
    *out = (elf_facts){.machine = header->e_machine,
                       .elf_class = header->e_ident[EI_CLASS],
                       .data = header->e_ident[EI_DATA],
                       .architecture = architecture_of(header->e_machine)};
    for (size_t i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_INTERP)
            (void)snprintf(out->interpreter, sizeof out->interpreter, "%s",
                           start + segments[i].p_offset);
    }
    return out->interpreter[0] != '\0';
}
