/* What the ways of naming an address have in common.  Each way fills in the function, the file and
 * the line as far as it knows them, and answers whether it knew the line.  `pc` is the call. */
#ifndef HF_PLATFORM_SYMBOLS_H
#define HF_PLATFORM_SYMBOLS_H

#include <link.h>

#include "platform/platform.h"

/* A loaded object. */
typedef struct hf_object {
    uintptr_t bias;   /* its addresses in memory less those in its file */
    const char *path; /* "" or NULL for the program itself */
    uintptr_t start;  /* [start, end): where it lies */
    uintptr_t end;
    const ElfW(Phdr) * segments;
    size_t segment_count; /* 0 if they are not to be found in memory */
} hf_object;

/* The object that an address lies in.  Async-signal-safe with glibc 2.35 and later. */
bool hf_object_find(uintptr_t address, hf_object *out);

/* Its build id, if it has one in memory: answers its length, at most `size`; else 0. */
size_t hf_object_build_id(const hf_object *object, unsigned char *id, size_t size);

bool hf_libdw_name(uintptr_t pc, hf_os_symbol *out);
void hf_libdw_end(void);

/* Whether a file is one of Holdfast's own headers: code that was inlined from there belongs to the
 * function that called it. */
bool hf_is_own_header(const char *file);

void hf_copy_text(char *to, size_t size, const char *from);

#endif
