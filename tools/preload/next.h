/* The functions that come after this library's own in the order in which the dynamic linker
 * searches: what dlsym(RTLD_NEXT) answers, for hundreds of names in a tenth of the time.
 *
 * While a program starts, the objects lie in a list in that very order.  What is looked at is the
 * hash table that each has for the dynamic linker (DT_GNU_HASH).  Whatever is unusual is not
 * answered, and is for dlsym. */
#ifndef RUN_NEXT_H
#define RUN_NEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <link.h>

typedef struct run_object {
    uintptr_t bias;
    const ElfW(Sym) * symbols;
    const char *names;
    const ElfW(Versym) * versions; /* NULL: it has none */
    const ElfW(Addr) * filter;     /* of Bloom's kind: most of what is not there is not in it */
    const uint32_t *buckets;
    const uint32_t *chains; /* a hash for each symbol, but for the first of them */
    uint32_t filter_words;
    uint32_t filter_shift;
    uint32_t bucket_count;
    uint32_t first; /* symbol that can be found */
} run_object;

enum { RUN_OBJECTS_MAX = 64 };

typedef struct run_objects {
    uint32_t count; /* 0: one of them is unusual */
    run_object each[RUN_OBJECTS_MAX];
} run_objects;

/* To be called before any object is loaded or unloaded by the program.  Takes no lock. */
void run_objects_find(run_objects *out);

/* The first function of that name; NULL: there is none, or it is for dlsym. */
void *run_objects_search(const run_objects *in, const char *name);

#endif
