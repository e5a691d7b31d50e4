/* A hash table from a pair of numbers to a number, and arrays that grow.  Small parts of the model
 * that is made from a trace. */
#ifndef HOLDFAST_INDEX_H
#define HOLDFAST_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hf_index_entry {
    uint64_t major;
    uint64_t minor;
    uint32_t value;
    uint32_t is_used;
} hf_index_entry;

typedef struct hf_index {
    hf_index_entry *entries;
    size_t size; /* a power of two, or 0 */
    size_t count;
} hf_index;

/* Sets it, over what was set for that pair before.  False: out of memory. */
bool hf_index_set(hf_index *index, uint64_t major, uint64_t minor, uint32_t value);

/* UINT32_MAX: not set. */
uint32_t hf_index_get(const hf_index *index, uint64_t major, uint64_t minor);
void hf_index_free(hf_index *index);

/* Room for one more element of `size` bytes behind `count` others, zeroed; NULL: out of memory.
 * *array may move. */
void *hf_array_add(void **array, uint32_t *count, uint32_t *capacity, size_t size);

/* Texts that are kept once each, and for ever. */
typedef struct hf_texts {
    hf_index index;
    char **blocks;
    uint32_t block_count;
    uint32_t block_capacity;
    size_t left; /* in the last block */
} hf_texts;

/* A copy of a text that lasts as long as `texts`; NULL: out of memory. */
const char *hf_texts_keep(hf_texts *texts, const char *text);
void hf_texts_free(hf_texts *texts);

#endif
