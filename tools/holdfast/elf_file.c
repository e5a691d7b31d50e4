/* ELF headers, by libelf. */
#include "elf_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <gelf.h>

static const char *architecture_of(uint16_t machine)
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

static void read_interpreter(Elf *elf, const GElf_Phdr *segment, elf_facts *out)
{
    size_t size = 0;
    const char *bytes = elf_rawfile(elf, &size);
    if (bytes == NULL || segment->p_offset >= size || segment->p_filesz > size - segment->p_offset)
        return;
    (void)snprintf(out->interpreter, sizeof out->interpreter, "%.*s", (int)segment->p_filesz,
                   bytes + segment->p_offset);
}

/* A dynamic linker has a name as a library; a program that is linked statically has none. */
static bool has_library_name(Elf *elf, const GElf_Phdr *segment)
{
    Elf_Data *data =
        elf_getdata_rawchunk(elf, (int64_t)segment->p_offset, segment->p_filesz, ELF_T_DYN);
    GElf_Dyn entry;
    for (int i = 0; data != NULL && gelf_getdyn(data, i, &entry) != NULL; i++) {
        if (entry.d_tag == DT_SONAME)
            return true;
    }
    return false;
}

static bool read_facts(Elf *elf, elf_facts *out)
{
    GElf_Ehdr header;
    GElf_Phdr segment;
    size_t count;
    bool named = false;
    if (elf == NULL || elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &header) == NULL ||
        elf_getphdrnum(elf, &count) != 0)
        return false;
    out->machine = header.e_machine;
    out->elf_class = header.e_ident[EI_CLASS];
    out->data = header.e_ident[EI_DATA];
    out->architecture = architecture_of(header.e_machine);
    for (size_t i = 0; i < count && gelf_getphdr(elf, (int)i, &segment) != NULL; i++) {
        if (segment.p_type == PT_INTERP)
            read_interpreter(elf, &segment, out);
        else if (segment.p_type == PT_DYNAMIC)
            named = has_library_name(elf, &segment);
    }
    out->is_loader = named && out->interpreter[0] == '\0';
    return true;
}

bool elf_read(const char *path, elf_facts *out)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool good = false;
    *out = (elf_facts){0};
    if (file < 0)
        return false;
    if (elf_version(EV_CURRENT) != EV_NONE) {
        Elf *elf = elf_begin(file, ELF_C_READ_MMAP, NULL);
        good = read_facts(elf, out);
        if (elf != NULL)
            elf_end(elf);
    }
    close(file);
    return good;
}
