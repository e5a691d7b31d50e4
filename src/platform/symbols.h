/* What the ways of naming an address have in common.  Each fills in the function, the file and the
 * line as far as it knows them, and answers whether it knew the line.  `pc` is the call. */
#ifndef HF_PLATFORM_SYMBOLS_H
#define HF_PLATFORM_SYMBOLS_H

#include "platform/platform.h"

bool hf_libdw_name(uintptr_t pc, hf_os_symbol *out);
void hf_libdw_end(void);

/* Whether a file is one of Holdfast's own headers: code that was inlined from there belongs to the
 * function that called it. */
bool hf_is_own_header(const char *file);

void hf_copy_text(char *to, size_t size, const char *from);

#endif
