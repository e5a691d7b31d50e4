/* What the tables say: instruction by instruction, and with any bytes whatever in them. */
#include "platform/unwind.h"
#include "walks.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

TestSuite(unwind_tables, .init = walks_skip);

#if HF_CAN_WALK

/* ---- instructions ----------------------------------------------------------------------------
 */

enum { START = 0x1000 };

/* As every compiler begins on x86-64: CFA = rsp + 8, return address at CFA - 8. */
static const uint8_t usual[] = {0x0c, 7, 8, 0x90, 1};

typedef struct program {
    const char *what;
    const char *bytes;
    size_t length;
    unsigned at; /* bytes from the function's start */
    hf_rule rule;
} program;

#define PROGRAM(what, bytes, at, rule)           \
    {                                            \
        what, bytes, sizeof(bytes) - 1, at, rule \
    }
#define STACK(saved, offset) (HF_RULE_BY_STACK | (saved) << 4 | (offset) << 12)
#define FRAME(saved, offset) (HF_RULE_BY_FRAME | (saved) << 4 | (offset) << 12)

static const program programs[] = {
    PROGRAM("nothing", "", 0, STACK(0, 1)),
    PROGRAM("advance", "\x41\x0e\x10", 0, STACK(0, 1)),
    PROGRAM("advance, reached", "\x41\x0e\x10", 1, STACK(0, 2)),
    PROGRAM("advance by a byte", "\x02\x80\x0e\x10", 127, STACK(0, 1)),
    PROGRAM("advance by a byte, reached", "\x02\x80\x0e\x10", 128, STACK(0, 2)),
    PROGRAM("advance by two", "\x03\x00\x01\x0e\x10", 256, STACK(0, 2)),
    PROGRAM("advance by four", "\x04\x00\x00\x01\x00\x0e\x10", 65536, STACK(0, 2)),
    PROGRAM("push rbp", "\x0e\x10\x86\x02", 0, STACK(2, 2)),
    PROGRAM("mov rsp, rbp", "\x0e\x10\x86\x02\x0d\x06", 0, FRAME(2, 2)),
    PROGRAM("leave", "\x0e\x10\x86\x02\x0d\x06\x0c\x07\x08", 0, STACK(2, 1)),
    PROGRAM("restore", "\x86\x02\xc6", 0, STACK(0, 1)),
    PROGRAM("restore extended", "\x86\x02\x06\x06", 0, STACK(0, 1)),
    PROGRAM("offset extended", "\x05\x06\x03", 0, STACK(3, 1)),
    PROGRAM("offset extended, signed", "\x11\x06\x03", 0, STACK(3, 1)),
    PROGRAM("signed cfa", "\x12\x06\x7e", 0, FRAME(0, 2)),
    PROGRAM("signed cfa offset", "\x13\x7c", 0, STACK(0, 4)),
    PROGRAM("same value", "\x86\x02\x08\x06", 0, STACK(0, 1)),
    PROGRAM("remember and restore", "\x0a\x0e\x20\x41\x0b", 0, STACK(0, 4)),
    PROGRAM("remember and restore, reached", "\x0a\x0e\x20\x41\x0b", 1, STACK(0, 1)),
    PROGRAM("size of arguments", "\x2e\x10\x0e\x10", 0, STACK(0, 2)),
    PROGRAM("other registers", "\x83\x04\x8c\x03\x10\x03\x01\x30\x0e\x10", 0, STACK(0, 2)),
    PROGRAM("large offset", "\x0e\xf8\xff\xff\x03", 0, STACK(0, 0xfffffU)),
    PROGRAM("no caller", "\x07\x10", 0, HF_RULE_END),
    PROGRAM("realigned", "\x10\x06\x02\x76\x00\x0f\x03\x76\x78\x06", 0,
            HF_RULE_REALIGNED | 1 << 12),
    PROGRAM("realigned, further down", "\x10\x06\x02\x76\x00\x0f\x03\x76\x68\x06", 0,
            HF_RULE_REALIGNED | 3 << 12),
    PROGRAM("stub", "\x0f\x0b\x77\x08\x80\x00\x3f\x1a\x3b\x2a\x33\x24\x22", 10, STACK(0, 1)),
    PROGRAM("stub, pushed", "\x0f\x0b\x77\x08\x80\x00\x3f\x1a\x3b\x2a\x33\x24\x22", 11,
            STACK(0, 2)),
    PROGRAM("stub of another form", "\x0f\x0b\x77\x08\x80\x00\x3f\x1a\x35\x2a\x33\x24\x22", 5,
            STACK(0, 2)),
    PROGRAM("signal", "\x0f\x04\x77\xa0\x01\x06\x10\x06\x03\x77\xf8\x00\x10\x10\x03\x77\xa8\x01", 0,
            HF_RULE_SIGNAL),
    /* What a rule cannot say. */
    PROGRAM("offset too large", "\x0e\x80\x80\x80\x04", 0, HF_RULE_LOST),
    PROGRAM("offset of 0", "\x0e\x00", 0, HF_RULE_LOST),
    PROGRAM("odd offset", "\x0e\x0c", 0, HF_RULE_LOST),
    PROGRAM("another register", "\x0c\x0a\x00", 0, HF_RULE_LOST),
    PROGRAM("return address elsewhere", "\x90\x02", 0, HF_RULE_LOST),
    PROGRAM("return address in a register", "\x09\x10\x03", 0, HF_RULE_LOST),
    PROGRAM("frame pointer in a register", "\x09\x06\x03", 0, HF_RULE_LOST),
    PROGRAM("frame pointer far away", "\x86\x80\x02", 0, HF_RULE_LOST),
    PROGRAM("frame pointer above", "\x11\x06\x7e", 0, HF_RULE_LOST),
    PROGRAM("frame pointer computed", "\x16\x06\x02\x76\x00", 0, HF_RULE_LOST),
    PROGRAM("unknown expression", "\x0f\x03\x77\x78\x06", 0, HF_RULE_LOST),
    PROGRAM("empty expression", "\x0f\x00", 0, HF_RULE_LOST),
    PROGRAM("restored without being remembered", "\x0b", 0, HF_RULE_LOST),
    PROGRAM("remembered too often", "\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a", 0, HF_RULE_LOST),
    PROGRAM("unknown instruction", "\x3f", 0, HF_RULE_LOST),
    PROGRAM("cut off", "\x0e", 0, HF_RULE_LOST),
    PROGRAM("cut off in a number", "\x0e\x80\x80", 0, HF_RULE_LOST),
    PROGRAM("cut off in an expression", "\x0f\x04\x77\xa0", 0, HF_RULE_LOST),
    PROGRAM("expression without an end", "\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0,
            HF_RULE_LOST),
};

static hf_rule rule_of(const program *of, const uint8_t *bytes)
{
    hf_cfi_entry entry = {.start = START, .code_factor = 1, .data_factor = -8};
    entry.common = (hf_cursor){usual, usual + sizeof usual, false};
    entry.function = (hf_cursor){bytes, bytes + of->length, false};
    return hf_cfi_run(&entry, START + of->at);
}

Test(unwind_tables, instructions_make_rules)
{
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        /* At the end of a block of its own, so that a sanitizer sees what is read behind it. */
        uint8_t *bytes = malloc(programs[i].length + 1);
        memcpy(bytes + 1, programs[i].bytes, programs[i].length);
        hf_rule rule = rule_of(&programs[i], bytes + 1);
        cr_expect_eq(rule, programs[i].rule, "%s: %" PRIx32, programs[i].what, rule);
        free(bytes);
    }
}

/* ---- tables that are damaged -----------------------------------------------------------------
 */

/* A copy of an object's tables between two pages that cannot be read. */
typedef struct copy {
    hf_cfi from;
    hf_cfi tables;
    uint8_t *bytes;
    size_t size;
} copy;

static int find_own(struct dl_phdr_info *object, size_t size, void *argument)
{
    hf_cfi *found = argument;
    const ElfW(Phdr) *header = NULL;
    (void)size;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        if (object->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME)
            header = &object->dlpi_phdr[i];
    }
    for (size_t i = 0; header != NULL && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || header->p_vaddr - segment->p_vaddr >= segment->p_filesz)
            continue;
        found->header = (const uint8_t *)(object->dlpi_addr + header->p_vaddr);
        found->start = found->header; /* the entries come behind it */
        found->end = (const uint8_t *)(object->dlpi_addr + segment->p_vaddr) + segment->p_filesz;
        return 1;
    }
    return 0;
}

/* Stubs go by the lowest bits of an address. */
enum { ALIGNMENT = 16 };

static void make_copy(copy *to, bool at_end)
{
    size_t page = hf_os_page_size();
    cr_assert_eq(dl_iterate_phdr(find_own, &to->from), 1);
    to->size = (size_t)(to->from.end - to->from.start);
    size_t rounded = (to->size + ALIGNMENT + page - 1) / page * page;
    uint8_t *memory = mmap(NULL, rounded + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(memory, MAP_FAILED);
    cr_assert_eq(mprotect(memory + page, rounded, PROT_READ | PROT_WRITE), 0);
    to->bytes = memory + page + (at_end ? rounded - to->size : 0);
    to->tables = (hf_cfi){to->bytes, to->bytes + to->size, to->bytes};
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static hf_rule look_up(const hf_cfi *tables, uintptr_t address)
{
    hf_cfi_entry entry;
    return hf_cfi_find(tables, address, &entry) ? hf_cfi_run(&entry, address) : HF_RULE_UNKNOWN;
}

/* How far behind the header the code of some function lies (that is, before it). */
static intptr_t somewhere(const copy *of, uint64_t *state)
{
    uint32_t count;
    int32_t function;
    memcpy(&count, of->from.header + 8, sizeof count);
    memcpy(&function, of->from.header + 12 + next_random(state) % count * 8, sizeof function);
    return function + (intptr_t)(next_random(state) % 80);
}

static uintptr_t address_in(const hf_cfi *tables, intptr_t distance)
{
    return (uintptr_t)tables->header + (uintptr_t)distance;
}

Test(unwind_tables, tables_mean_the_same_where_they_were_copied_to)
{
    copy whole;
    uint64_t state = 1;
    unsigned known = 0;
    make_copy(&whole, false);
    whole.bytes += (uintptr_t)whole.from.start % ALIGNMENT;
    whole.tables = (hf_cfi){whole.bytes, whole.bytes + whole.size, whole.bytes};
    memcpy(whole.bytes, whole.from.start, whole.size);
    for (int i = 0; i < 100000; i++) {
        intptr_t distance = somewhere(&whole, &state);
        hf_rule rule = look_up(&whole.from, address_in(&whole.from, distance));
        cr_expect_eq(look_up(&whole.tables, address_in(&whole.tables, distance)), rule);
        known += rule != HF_RULE_UNKNOWN && rule != HF_RULE_LOST;
    }
    cr_expect_gt(known, 10000);
}

/* Bytes in the header, in entries, anywhere. */
static void damage(copy *of, uint64_t *state)
{
    static const uint8_t telling[] = {0, 1, 7, 0x0b, 0x10, 0x1b, 0x3b, 0x7f, 0x80, 0xfe, 0xff};
    memcpy(of->bytes, of->from.start, of->size);
    unsigned count = 1 + (unsigned)(next_random(state) % 2000);
    bool with_header = next_random(state) % 8 == 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t random = next_random(state);
        size_t start = with_header ? 0 : 12;
        size_t range = with_header && random % 16 == 0 ? 32 : of->size - start;
        uint8_t value = (uint8_t)(random >> 8);
        if ((random >> 4) % 2 == 0)
            value = telling[value % sizeof telling];
        of->bytes[start + (random >> 16) % range] = value;
    }
}

static void look_up_damaged(bool at_end, uint64_t state)
{
    copy damaged;
    make_copy(&damaged, at_end);
    for (int round = 0; round < 1000; round++) {
        damage(&damaged, &state);
        for (int i = 0; i < 1000; i++) {
            uintptr_t address = address_in(&damaged.tables, somewhere(&damaged, &state));
            hf_rule rule = look_up(&damaged.tables, address);
            cr_assert(hf_rule_kind(rule) >= HF_RULE_BY_STACK &&
                      hf_rule_kind(rule) <= HF_RULE_UNKNOWN);
        }
    }
}

Test(unwind_tables, damaged_tables_are_not_read_beyond)
{
    look_up_damaged(true, 0x5eed);
}

Test(unwind_tables, damaged_tables_are_not_read_before)
{
    look_up_damaged(false, 0xfeed);
}

/* Where the readable part ends early, whatever lies at its end. */
Test(unwind_tables, tables_that_are_cut_off_are_not_read_beyond)
{
    copy cut;
    uint64_t state = 7;
    make_copy(&cut, true);
    for (int round = 0; round < 3000; round++) {
        size_t left = round < 64 ? (size_t)round : next_random(&state) % cut.size;
        cut.tables.start = cut.tables.end - left;
        cut.tables.header = cut.tables.start;
        memcpy(cut.bytes + cut.size - left, cut.from.start, left);
        for (int i = 0; i < 20; i++)
            (void)look_up(&cut.tables, address_in(&cut.tables, somewhere(&cut, &state)));
    }
}

#endif
