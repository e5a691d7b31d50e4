/* See executable.h. */
#include "executable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "readable.h"

enum {
    HEAD_BYTES = 1024,
    SCRIPTS_MAX = 4 /* whose interpreters are scripts */
};

typedef struct head {
    char bytes[HEAD_BYTES];
    size_t count;
} head;

/* This library's own; defined by the linker. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* Answers where the program's dynamic linker is named; NULL: nowhere in its head. */
static const char *interpreter_in(const head *of, const ElfW(Ehdr) * header)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        size_t at = header->e_phoff + (size_t)i * sizeof segment;
        if (header->e_phentsize != sizeof segment || at > of->count - sizeof segment)
            break;
        memcpy(&segment, of->bytes + at, sizeof segment);
        if (segment.p_type == PT_INTERP)
            return segment.p_offset < of->count ? of->bytes + segment.p_offset : NULL;
    }
    return NULL;
}

static bool program_takes_us(const head *of)
{
    ElfW(Ehdr) header;
    if (of->count < sizeof header)
        return true;
    memcpy(&header, of->bytes, sizeof header);
    if (header.e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
        header.e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA] ||
        header.e_machine != __ehdr_start.e_machine)
        return false;
    const char *interpreter = interpreter_in(of, &header);
    return interpreter == NULL || strstr(interpreter, "/ld-musl-") == NULL;
}

static bool read_head(int file, head *out)
{
    long count = run_kernel_pread(file, out->bytes, sizeof out->bytes - 1, 0);
    out->count = count > 0 ? (size_t)count : 0;
    out->bytes[out->count] = '\0';
    return count > 0;
}

/* Of a script: goes on to its interpreter. */
static const char *interpreter_of(head *of)
{
    if (strncmp(of->bytes, "#!", 2) != 0)
        return NULL;
    char *start = of->bytes + 2 + strspn(of->bytes + 2, " \t");
    start[strcspn(start, " \t\r\n")] = '\0';
    return start;
}

static bool open_and_read(int directory, const char *path, head *out)
{
    bool itself = directory != AT_FDCWD && run_can_read(path, 1) && *path == '\0';
    int file =
        itself ? directory : run_kernel_openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool has = file >= 0 && read_head(file, out);
    if (file >= 0 && !itself)
        (void)run_kernel_close(file);
    return has;
}

bool run_executable_takes_us(int directory, const char *path)
{
    head of;
    bool takes = true;
    int saved = errno;
    bool has = open_and_read(directory, path, &of);
    for (int scripts = 0; has && scripts < SCRIPTS_MAX; scripts++) {
        const char *interpreter = interpreter_of(&of);
        if (interpreter == NULL)
            break;
        char next[HEAD_BYTES];
        has = open_and_read(AT_FDCWD, strcpy(next, interpreter), &of);
    }
    if (has && memcmp(of.bytes, ELFMAG, SELFMAG) == 0)
        takes = program_takes_us(&of);
    errno = saved;
    return takes;
}

static bool is_there(const char *path)
{
    int saved = errno;
    int file = run_kernel_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
    if (file >= 0)
        (void)run_kernel_close(file);
    errno = saved;
    return file >= 0;
}

bool run_executable_found_takes_us(const char *name)
{
    char path[PATH_MAX];
    const char *at = getenv("PATH");
    if (strchr(name, '/') != NULL)
        return run_executable_takes_us(AT_FDCWD, name);
    for (at = at != NULL ? at : "/bin:/usr/bin"; at != NULL;) {
        size_t length = strcspn(at, ":");
        int written =
            snprintf(path, sizeof path, "%.*s%s%s", (int)length, at, length > 0 ? "/" : "", name);
        if (written > 0 && (size_t)written < sizeof path && is_there(path))
            return run_executable_takes_us(AT_FDCWD, path);
        at = at[length] == ':' ? at + length + 1 : NULL;
    }
    return true;
}
