/* What the headers of an ELF file say of it. */
#ifndef TOOL_ELF_FILE_H
#define TOOL_ELF_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct elf_facts {
    uint16_t machine;
    uint8_t elf_class;
    uint8_t data;
    bool is_loader;             /* a dynamic linker itself, which loads the program it is given */
    char interpreter[PATH_MAX]; /* the dynamic linker; "": linked statically */
    const char *architecture;   /* for people */
} elf_facts;

/* False: it cannot be read, or is damaged. */
bool elf_read(const char *path, elf_facts *out);

/* Those of this program, which are in memory.  False: they are not where they should be. */
bool elf_read_own(elf_facts *out);

#endif
