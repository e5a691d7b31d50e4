/* Findings are told apart by what is blamed: the kind, and the innermost frames as modules and
 * offsets, which are the same in every process.  Outer frames do not count, so that one mistake
 * that is reached in many ways is one finding. */
#include "dedup.h"

#include <search.h>
#include <stdlib.h>

enum { FRAMES_THAT_COUNT = 5 };

void dedup_init(dedup *of)
{
    of->seen = NULL;
}

void dedup_fini(dedup *of)
{
    tdestroy(of->seen, free);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t mix(uint64_t key, uint64_t word)
{
    key = (key ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return key ^ key >> 29;
}

static uint64_t mix_text(uint64_t key, const char *text)
{
    for (; *text != '\0'; text++)
        key = mix(key, (unsigned char)*text);
    return key;
}

/* Without frames each finding stands for itself. */
static uint64_t key_of(const finding *of)
{
    const finding_moment *blamed = finding_blamed(of);
    uint64_t key = mix(1, (uint64_t)of->kind);
    if (blamed->count == 0)
        key = mix(mix(key, of->process), of->subject.handle);
    for (uint32_t i = 0; i < blamed->count && i < FRAMES_THAT_COUNT; i++) {
        const finding_frame *frame = &blamed->frames[i];
        bool is_known = frame->module[0] != '\0';
        key = mix(mix_text(key, frame->module), is_known ? frame->offset : frame->address);
    }
    return key;
}

bool dedup_is_news(dedup *of, const finding *found)
{
    uint64_t *key = malloc(sizeof *key);
    if (key == NULL)
        return true;
    *key = key_of(found);
    uint64_t **node = tsearch(key, &of->seen, compare);
    bool is_news = node == NULL || *node == key;
    if (node == NULL || *node != key)
        free(key);
    return is_news;
}
