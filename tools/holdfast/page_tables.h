/* What the page's data refers to by number, so that each is there once: texts, places in code, and
 * stacks.  The same stack in another process, or at another address, is the same. */
#ifndef TOOL_PAGE_TABLES_H
#define TOOL_PAGE_TABLES_H

#include <stdbool.h>
#include <stdio.h>

#include "history.h"
#include "index.h"
#include "symbols.h"

typedef struct page_stack {
    uint32_t first; /* in places_of */
    uint32_t count;
} page_stack;

typedef struct page_tables {
    bool failed; /* out of memory */
    hf_texts kept;
    hf_index text_of; /* 0, address of the kept text: number */
    const char **texts;
    uint32_t text_count;
    uint32_t text_capacity;
    hf_index place_of; /* file's number + 1, offset: number */
    hf_code_place *places;
    uint32_t place_count;
    uint32_t place_capacity;
    hf_index stack_of; /* hash, count: number */
    page_stack *stacks;
    uint32_t stack_count;
    uint32_t stack_capacity;
    uint32_t *places_of;
    uint32_t place_of_count;
    uint32_t place_of_capacity;
} page_tables;

/* Text 0 is "", stack 0 the empty one.  All zero bytes before. */
void page_tables_init(page_tables *of);
void page_tables_fini(page_tables *of);

/* Numbers; what is added while the tables are written must not be. */
uint32_t page_text(page_tables *in, const char *text);
uint32_t page_stack_number(page_tables *in, const hf_history_stack *stack);

/* "places":[...],"stacks":[...],"texts":[...]: the places bring more texts with them. */
void page_tables_write(page_tables *of, symbols *names, FILE *to);

#endif
