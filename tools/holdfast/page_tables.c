/* Tables of the page's data. */
#include "page_tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "finding.h"

void page_tables_init(page_tables *of)
{
    (void)page_text(of, "");
    (void)page_stack_number(of, &(hf_history_stack){.count = 0});
}

void page_tables_fini(page_tables *of)
{
    hf_texts_free(&of->kept);
    hf_index_free(&of->text_of);
    hf_index_free(&of->place_of);
    hf_index_free(&of->stack_of);
    free(of->texts);
    free(of->places);
    free(of->stacks);
    free(of->places_of);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Notes the number of what was just put into an array; NULL: there was no room for it. */
static uint32_t noted(page_tables *in, hf_index *index, uint64_t major, uint64_t minor,
                      const void *added, uint32_t count)
{
    if (added != NULL && hf_index_set(index, major, minor, count - 1))
        return count - 1;
    in->failed = true;
    return 0;
}

uint32_t page_text(page_tables *in, const char *text)
{
    const char *kept = hf_texts_keep(&in->kept, text);
    uint32_t known = hf_index_get(&in->text_of, 0, (uintptr_t)kept);
    if (known != UINT32_MAX)
        return known;
    void *texts = in->texts;
    const char **added =
        hf_array_add(&texts, &in->text_count, &in->text_capacity, sizeof(const char *));
    in->texts = texts;
    if (added != NULL)
        *added = kept != NULL ? kept : "";
    return noted(in, &in->text_of, 0, (uintptr_t)kept, added, in->text_count);
}

static uint32_t place_number(page_tables *in, const hf_code_place *place)
{
    uint64_t file = place->file != NULL ? (uint64_t)place->file->number + 1 : 0;
    uint32_t known = hf_index_get(&in->place_of, file, place->offset);
    if (known != UINT32_MAX)
        return known;
    void *places = in->places;
    hf_code_place *added =
        hf_array_add(&places, &in->place_count, &in->place_capacity, sizeof *added);
    in->places = places;
    if (added != NULL)
        *added = *place;
    return noted(in, &in->place_of, file, place->offset, added, in->place_count);
}

static bool add_places(page_tables *in, const hf_history_stack *stack)
{
    for (uint32_t i = 0; i < stack->count; i++) {
        uint32_t number = place_number(in, &stack->frames[i]);
        void *numbers = in->places_of;
        uint32_t *added = hf_array_add(&numbers, &in->place_of_count, &in->place_of_capacity,
                                       sizeof *in->places_of);
        in->places_of = numbers;
        if (added == NULL)
            return false;
        *added = number;
    }
    return true;
}

static uint64_t hash_of(const uint32_t *places, uint32_t count)
{
    uint64_t hash = count;
    for (uint32_t i = 0; i < count; i++)
        hash = (hash ^ places[i]) * UINT64_C(0x9e3779b97f4a7c15) ^ hash >> 29;
    return hash;
}

static bool is_stack(const page_tables *in, uint32_t number, const page_stack *stack)
{
    const page_stack *known = &in->stacks[number];
    return known->count == stack->count &&
           memcmp(in->places_of + known->first, in->places_of + stack->first,
                  stack->count * sizeof *in->places_of) == 0;
}

/* Its places are put behind the others, and taken away again if they are known. */
uint32_t page_stack_number(page_tables *in, const hf_history_stack *stack)
{
    page_stack made = {.first = in->place_of_count, .count = stack->count};
    if (stack->count == 0 && in->stack_count != 0)
        return 0;
    if (!add_places(in, stack)) {
        in->failed = true;
        return 0;
    }
    uint64_t hash = made.count != 0 ? hash_of(in->places_of + made.first, made.count) : 0;
    uint32_t known = hf_index_get(&in->stack_of, hash, made.count);
    if (known != UINT32_MAX && is_stack(in, known, &made)) {
        in->place_of_count = made.first;
        return known;
    }
    void *stacks = in->stacks;
    page_stack *added = hf_array_add(&stacks, &in->stack_count, &in->stack_capacity, sizeof *added);
    in->stacks = stacks;
    if (added != NULL)
        *added = made;
    return noted(in, &in->stack_of, hash, made.count, added, in->stack_count);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* [module, "offset", why it has no names, [function, file, line, column]...], innermost first. */
static void write_place(page_tables *of, uint32_t number, symbols *names, FILE *to)
{
    finding_frame frame = finding_frame_of(&of->places[number], names);
    bool is_named = frame.place->state == SYMBOLS_READ || frame.module[0] == '\0';
    fprintf(to, "%s\n[%" PRIu32 ",\"0x%" PRIx64 "\",%" PRIu32, number != 0 ? "," : "",
            page_text(of, frame.module), frame.module[0] != '\0' ? frame.offset : frame.address,
            page_text(of, is_named ? "" : symbols_state_text(frame.place->state)));
    for (uint32_t i = 0; i < frame.place->count; i++) {
        const symbols_frame *name = &frame.place->frames[i];
        fprintf(to, ",[%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 "]",
                page_text(of, name->function), page_text(of, name->file), name->line, name->column);
    }
    (void)fputc(']', to);
}

static void write_stack(const page_tables *of, uint32_t number, FILE *to)
{
    const page_stack *stack = &of->stacks[number];
    (void)fputs(number != 0 ? ",\n[" : "\n[", to);
    for (uint32_t i = 0; i < stack->count; i++)
        fprintf(to, i != 0 ? ",%" PRIu32 : "%" PRIu32, of->places_of[stack->first + i]);
    (void)fputc(']', to);
}

void page_tables_write(page_tables *of, symbols *names, FILE *to)
{
    (void)fputs("\"places\":[", to);
    for (uint32_t i = 0; i < of->place_count; i++)
        write_place(of, i, names, to);
    (void)fputs("],\n\"stacks\":[", to);
    for (uint32_t i = 0; i < of->stack_count; i++)
        write_stack(of, i, to);
    (void)fputs("],\n\"texts\":[", to);
    for (uint32_t i = 0; i < of->text_count; i++) {
        (void)fputs(i != 0 ? ",\n" : "\n", to);
        escape_json(to, of->texts[i]);
    }
    (void)fputc(']', to);
}
