/* Open addressing: an entry is at its hash's place or behind it. */
#include "index.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(uint64_t major, uint64_t minor)
{
    uint64_t hash = (major * UINT64_C(0x9e3779b97f4a7c15)) ^ minor;
    hash = (hash ^ hash >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return hash ^ hash >> 32;
}

/* The entry of that pair, or the free one where it belongs. */
static hf_index_entry *find(hf_index_entry *entries, size_t size, uint64_t major, uint64_t minor)
{
    size_t at = (size_t)hash_of(major, minor) & (size - 1);
    while (entries[at].is_used != 0 && (entries[at].major != major || entries[at].minor != minor))
        at = (at + 1) & (size - 1);
    return &entries[at];
}

static bool grow(hf_index *index)
{
    size_t size = index->size != 0 ? index->size * 2 : 64;
    hf_index_entry *entries = calloc(size, sizeof *entries);
    if (entries == NULL)
        return false;
    for (size_t i = 0; i < index->size; i++)
        if (index->entries[i].is_used != 0)
            *find(entries, size, index->entries[i].major, index->entries[i].minor) =
                index->entries[i];
    free(index->entries);
    index->entries = entries;
    index->size = size;
    return true;
}

bool hf_index_set(hf_index *index, uint64_t major, uint64_t minor, uint32_t value)
{
    if (index->count >= index->size / 2 && !grow(index))
        return false;
    hf_index_entry *entry = find(index->entries, index->size, major, minor);
    index->count += entry->is_used == 0;
    *entry = (hf_index_entry){.major = major, .minor = minor, .value = value, .is_used = 1};
    return true;
}

uint32_t hf_index_get(const hf_index *index, uint64_t major, uint64_t minor)
{
    if (index->size == 0)
        return UINT32_MAX;
    const hf_index_entry *entry = find(index->entries, index->size, major, minor);
    return entry->is_used != 0 ? entry->value : UINT32_MAX;
}

void hf_index_free(hf_index *index)
{
    free(index->entries);
    *index = (hf_index){.entries = NULL};
}

void *hf_array_add(void **array, uint32_t *count, uint32_t *capacity, size_t size)
{
    if (*count == *capacity) {
        uint32_t more = *capacity < UINT32_MAX / 4 ? *capacity * 2 + 16 : 0;
        void *moved = more != 0 && more <= SIZE_MAX / size ? realloc(*array, more * size) : NULL;
        if (moved == NULL)
            return NULL;
        *array = moved;
        *capacity = more;
    }
    char *added = (char *)*array + (size_t)*count * size;
    memset(added, 0, size);
    ++*count;
    return added;
}

/* ---- texts ----------------------------------------------------------------------------------- */

enum { BLOCK = 1 << 16 };

static bool add_block(hf_texts *texts)
{
    char *fresh = malloc(BLOCK);
    void *blocks = texts->blocks;
    char **place = fresh != NULL ? hf_array_add(&blocks, &texts->block_count,
                                                &texts->block_capacity, sizeof *place)
                                 : NULL;
    texts->blocks = blocks;
    if (place == NULL) {
        free(fresh);
        return false;
    }
    *place = fresh;
    texts->left = BLOCK;
    return true;
}

/* A text's place: its block and where it is there, in one number. */
static const char *text_at(const hf_texts *texts, uint32_t place)
{
    return texts->blocks[place / BLOCK] + place % BLOCK;
}

static const char *add_text(hf_texts *texts, const char *text, size_t bytes, uint64_t hash)
{
    if (bytes > BLOCK || (bytes > texts->left && !add_block(texts)))
        return NULL;
    uint64_t place = (uint64_t)texts->block_count * BLOCK - texts->left;
    char *copy = texts->blocks[texts->block_count - 1] + (BLOCK - texts->left);
    memcpy(copy, text, bytes);
    texts->left -= bytes;
    if (place < UINT32_MAX && !hf_index_set(&texts->index, hash, bytes, (uint32_t)place))
        return NULL;
    return copy;
}

const char *hf_texts_keep(hf_texts *texts, const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t bytes = strlen(text) + 1;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    uint32_t known = hf_index_get(&texts->index, hash, bytes);
    if (known != UINT32_MAX && strcmp(text_at(texts, known), text) == 0)
        return text_at(texts, known);
    return add_text(texts, text, bytes, hash);
}

void hf_texts_free(hf_texts *texts)
{
    for (uint32_t i = 0; i < texts->block_count; i++)
        free(texts->blocks[i]);
    free(texts->blocks);
    hf_index_free(&texts->index);
    *texts = (hf_texts){.blocks = NULL};
}
