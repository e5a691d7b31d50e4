/* Reading .eh_frame: its header is searched for the function, whose entry refers to a common one.
 *
 * Nothing is trusted.  Each step reads through a cursor that knows where the readable memory ends;
 * what does not fit, or is of an unusual form that no linker makes today, has no rule. */
#include "platform/unwind.h"

#include <string.h>

#if HF_CAN_WALK

uint64_t hf_take(hf_cursor *from, size_t bytes)
{
    uint64_t value = 0;
    if (bytes > (size_t)(from->end - from->at)) {
        from->bad = true;
        from->at = from->end;
        return 0;
    }
    memcpy(&value, from->at, bytes); /* the machines that are provided for are little-endian */
    from->at += bytes;
    return value;
}

/* Seven bits a byte; answers how many there were. */
static unsigned take_leb(hf_cursor *from, uint64_t *value, uint64_t *last)
{
    unsigned bits = 0;
    *value = 0;
    do {
        *last = hf_take(from, 1);
        if (bits < 64)
            *value |= (*last & 0x7f) << bits;
        bits += 7;
    } while ((*last & 0x80) != 0);
    return bits;
}

uint64_t hf_take_uleb(hf_cursor *from)
{
    uint64_t value;
    uint64_t last;
    (void)take_leb(from, &value, &last);
    return value;
}

int64_t hf_take_sleb(hf_cursor *from)
{
    uint64_t value;
    uint64_t last;
    unsigned bits = take_leb(from, &value, &last);
    if (bits < 64 && (last & 0x40) != 0)
        value |= UINT64_MAX << bits;
    return (int64_t)value;
}

void hf_take_block(hf_cursor *from, uint64_t bytes, hf_cursor *out)
{
    if (bytes > (size_t)(from->end - from->at)) {
        from->bad = true;
        bytes = (size_t)(from->end - from->at);
    }
    *out = (hf_cursor){from->at, from->at + bytes, from->bad};
    from->at += bytes;
}

/* The lower half of an encoding is the form, the upper one what it is relative to. */
enum { RELATIVE_TO_PLACE = 0x10, FOUR_BYTES_SIGNED = 0x0b, OMITTED = 0xff };

static uint64_t take_form(hf_cursor *from, unsigned form)
{
    switch (form) {
    case 0x0: /* an address */
    case 0x4:
    case 0xc:
        return hf_take(from, 8);
    case 0x1:
        return hf_take_uleb(from);
    case 0x2:
        return hf_take(from, 2);
    case 0x3:
        return hf_take(from, 4);
    case 0x9:
        return (uint64_t)hf_take_sleb(from);
    case 0xa:
        return (uint64_t)(int64_t)(int16_t)hf_take(from, 2);
    case FOUR_BYTES_SIGNED:
        return (uint64_t)(int64_t)(int32_t)hf_take(from, 4);
    default:
        from->bad = true;
        return 0;
    }
}

uintptr_t hf_take_pointer(hf_cursor *from, uint8_t encoding)
{
    uintptr_t place = (uintptr_t)from->at;
    uint64_t value = take_form(from, encoding & 0x0fU);
    if ((encoding & 0x70) == RELATIVE_TO_PLACE)
        return place + value;
    if ((encoding & 0x70) != 0)
        from->bad = true;
    return value;
}

/* The entry that begins somewhere in the tables, its length taken off. */
static void take_entry(const hf_cfi *tables, const uint8_t *at, hf_cursor *out)
{
    hf_cursor all = {at, tables->end, false};
    uint64_t length = hf_take(&all, 4);
    hf_take_block(&all, length, out); /* the 64-bit form's mark, 0xffffffff, is too long */
}

/* What the letters of an augmentation announce.  False: one is not known. */
static bool take_augmentation(hf_cursor *from, const char *letters, uint8_t *encoding)
{
    for (; *letters != '\0'; letters++) {
        if (*letters == 'R') {
            *encoding = (uint8_t)hf_take(from, 1);
        } else if (*letters == 'L') {
            (void)hf_take(from, 1);
        } else if (*letters == 'P') {
            uint8_t form = (uint8_t)hf_take(from, 1);
            (void)take_form(from, form & 0x0fU);
        } else if (*letters != 'S') { /* a signal handler's: its instructions tell as well */
            return false;
        }
    }
    return true;
}

enum { LETTERS_MAX = 8 };

static bool take_letters(hf_cursor *from, char letters[LETTERS_MAX])
{
    for (int i = 0; i < LETTERS_MAX; i++) {
        letters[i] = (char)hf_take(from, 1);
        if (letters[i] == '\0')
            return !from->bad;
    }
    return false;
}

/* The entry that the functions of a kind have in common. */
static bool take_common(hf_cursor *from, hf_cfi_entry *out, uint8_t *encoding)
{
    char letters[LETTERS_MAX];
    hf_cursor augmentation;
    bool is_common = hf_take(from, 4) == 0;
    uint64_t version = hf_take(from, 1);
    if (!is_common || (version != 1 && version != 3) || !take_letters(from, letters))
        return false;
    out->code_factor = hf_take_uleb(from);
    out->data_factor = hf_take_sleb(from);
    uint64_t column = version == 1 ? hf_take(from, 1) : hf_take_uleb(from);
    if (letters[0] != 'z' || column != 16)
        return false;
    hf_take_block(from, hf_take_uleb(from), &augmentation);
    *encoding = 0;
    if (!take_augmentation(&augmentation, letters + 1, encoding) || augmentation.bad)
        return false;
    out->common = *from;
    return !from->bad;
}

static bool take_function(const hf_cfi *tables, const uint8_t *at, uintptr_t address,
                          hf_cfi_entry *out)
{
    hf_cursor from;
    hf_cursor common;
    uint8_t encoding;
    take_entry(tables, at, &from);
    const uint8_t *place = from.at;
    uint64_t distance = hf_take(&from, 4);
    if (from.bad || distance == 0 || distance > (size_t)(place - tables->start))
        return false;
    take_entry(tables, place - distance, &common);
    if (!take_common(&common, out, &encoding))
        return false;
    out->start = hf_take_pointer(&from, encoding);
    uint64_t length = take_form(&from, encoding & 0x0fU);
    hf_cursor augmentation;
    hf_take_block(&from, hf_take_uleb(&from), &augmentation);
    out->function = from;
    return !from.bad && address - out->start < length;
}

/* The header's table: pairs of a function's address and its entry's, both relative to the header,
 * in order. */
typedef struct pair {
    int32_t function;
    int32_t entry;
} pair;

static pair pair_at(const uint8_t *table, uint64_t index)
{
    pair found;
    memcpy(&found, table + index * sizeof found, sizeof found);
    return found;
}

/* The last function that begins at or before the address. */
static const uint8_t *search(const hf_cfi *tables, const uint8_t *table, uint64_t count,
                             uintptr_t address)
{
    int64_t wanted = (int64_t)(address - (uintptr_t)tables->header);
    uint64_t low = 0;
    uint64_t high = count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (pair_at(table, middle).function <= wanted)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    int64_t offset = pair_at(table, low - 1).entry;
    if (offset < tables->start - tables->header || offset >= tables->end - tables->header)
        return NULL;
    return tables->header + offset;
}

bool hf_cfi_find(const hf_cfi *tables, uintptr_t address, hf_cfi_entry *out)
{
    hf_cursor from = {tables->header, tables->end, false};
    uint64_t version = hf_take(&from, 1);
    uint8_t frame_encoding = (uint8_t)hf_take(&from, 1);
    uint8_t count_encoding = (uint8_t)hf_take(&from, 1);
    uint8_t table_encoding = (uint8_t)hf_take(&from, 1);
    (void)take_form(&from, frame_encoding & 0x0fU);
    if (version != 1 || count_encoding == OMITTED ||
        table_encoding != (0x30 | FOUR_BYTES_SIGNED)) /* relative to the header */
        return false;
    uint64_t count = take_form(&from, count_encoding & 0x0fU);
    if (from.bad || count > (size_t)(from.end - from.at) / sizeof(pair))
        return false;
    const uint8_t *entry = search(tables, from.at, count, address);
    return entry != NULL && take_function(tables, entry, address, out);
}

#endif
