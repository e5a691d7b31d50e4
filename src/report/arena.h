/* Memory that only grows: reserved address space, committed as it is taken.  Nothing is ever given
 * back, so that what lies in it can be read by anybody for ever without a lock. */
#ifndef HF_REPORT_ARENA_H
#define HF_REPORT_ARENA_H

#include <stdatomic.h>
#include <stddef.h>

typedef struct hf_arena {
    size_t capacity; /* bytes of address space; a multiple of 64 KiB */
    char *_Atomic base;
    _Atomic size_t committed;
    _Atomic size_t used;
} hf_arena;

/* Takes `bytes` zeroed bytes, aligned to 16.  NULL when memory or room has run out.  Lock-free. */
void *hf_arena_take(hf_arena *arena, size_t bytes);

/* A terminated copy of `length` bytes, or NULL. */
char *hf_arena_copy(hf_arena *arena, const char *text, size_t length);

/* Where options keep their texts. */
extern hf_arena hf_option_arena;

#endif
