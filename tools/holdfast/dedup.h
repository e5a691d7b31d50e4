/* Which findings were made before, by this process or another one. */
#ifndef TOOL_DEDUP_H
#define TOOL_DEDUP_H

#include "finding.h"

typedef struct dedup {
    void *seen; /* tree of keys */
} dedup;

void dedup_init(dedup *of);
void dedup_fini(dedup *of);

/* Whether it is the first of its sort: of its kind, with the same innermost frames. */
bool dedup_is_news(dedup *of, const finding *found);

#endif
