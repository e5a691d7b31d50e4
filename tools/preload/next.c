/* See next.h. */
#include "next.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/auxv.h>

/* The dynamic linker writes addresses into what it may write to. */
static const void *address_in(const struct link_map *object, ElfW(Addr) value)
{
    return (const void *)(value < object->l_addr ? object->l_addr + value : value);
}

/* The table begins with four numbers; filter, buckets and chains follow. */
static void read_hashes(const uint32_t *table, run_object *out)
{
    out->bucket_count = table[0];
    out->first = table[1];
    out->filter_words = table[2];
    out->filter_shift = table[3];
    out->filter = (const ElfW(Addr) *)(const void *)(table + 4);
    out->buckets = (const uint32_t *)(const void *)(out->filter + out->filter_words);
    out->chains = out->buckets + out->bucket_count;
}

static bool read_object(const struct link_map *object, run_object *out)
{
    const uint32_t *hashes = NULL;
    *out = (run_object){.bias = object->l_addr};
    for (const ElfW(Dyn) *entry = object->l_ld; entry->d_tag != DT_NULL; entry++) {
        const void *address = address_in(object, entry->d_un.d_ptr);
        if (entry->d_tag == DT_SYMTAB)
            out->symbols = address;
        else if (entry->d_tag == DT_STRTAB)
            out->names = address;
        else if (entry->d_tag == DT_VERSYM)
            out->versions = address;
        else if (entry->d_tag == DT_GNU_HASH)
            hashes = address;
    }
    if (hashes == NULL || out->symbols == NULL || out->names == NULL)
        return false;
    read_hashes(hashes, out);
    return out->bucket_count != 0 && out->filter_words != 0;
}

/* In the list, but nothing is searched there. */
static bool is_of_the_system(const struct link_map *object)
{
    return object->l_addr != 0 && object->l_addr == getauxval(AT_SYSINFO_EHDR);
}

#ifdef DLFO_STRUCT_HAS_EH_DBASE
static const struct link_map *own_object(void)
{
    struct dl_find_object found;
    return _dl_find_object((void *)(uintptr_t)&run_objects_find, &found) == 0 ? found.dlfo_link_map
                                                                              : NULL;
}
#else
static const struct link_map *own_object(void)
{
    return NULL; /* before glibc 2.35 there is no way to ask without its lock */
}
#endif

void run_objects_find(run_objects *out)
{
    const struct link_map *own = own_object();
    out->count = 0;
    for (const struct link_map *at = own != NULL ? own->l_next : NULL; at != NULL;
         at = at->l_next) {
        if (is_of_the_system(at))
            continue;
        if (out->count == RUN_OBJECTS_MAX || !read_object(at, &out->each[out->count])) {
            out->count = 0;
            return;
        }
        out->count++;
    }
}

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 5381;
    for (; *name != '\0'; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash;
}

static bool may_have(const run_object *object, uint32_t hash)
{
    enum { BITS = sizeof(ElfW(Addr)) * 8 };
    ElfW(Addr) word = object->filter[hash / BITS % object->filter_words];
    return (word >> hash % BITS & word >> (hash >> object->filter_shift) % BITS & 1) != 0;
}

/* Whether this is what a name without a version means.  (Of older versions the upper bit is set.)
 */
static bool is_meant(const run_object *object, uint32_t index, const char *name)
{
    const ElfW(Sym) *symbol = &object->symbols[index];
    return symbol->st_shndx != SHN_UNDEF && strcmp(object->names + symbol->st_name, name) == 0 &&
           (object->versions == NULL || (object->versions[index] & 0x8000) == 0);
}

static const ElfW(Sym) * search(const run_object *object, const char *name, uint32_t hash)
{
    uint32_t index = may_have(object, hash) ? object->buckets[hash % object->bucket_count] : 0;
    uint32_t other = 0; /* its lowest bit says that it is the chain's last one */
    for (; index >= object->first && (other & 1) == 0; index++) {
        other = object->chains[index - object->first];
        if ((other | 1) == (hash | 1) && is_meant(object, index, name))
            return &object->symbols[index];
    }
    return NULL;
}

void *run_objects_search(const run_objects *in, const char *name)
{
    uint32_t hash = hash_of(name);
    for (uint32_t i = 0; i < in->count; i++) {
        const ElfW(Sym) *found = search(&in->each[i], name, hash);
        if (found != NULL) /* others, such as indirect functions, are for dlsym */
            return ELF64_ST_TYPE(found->st_info) == STT_FUNC
                       ? (void *)(in->each[i].bias + found->st_value)
                       : NULL;
    }
    return NULL;
}
