/* Carrying out call frame instructions.
 *
 * They describe, address by address, where a function keeps its caller's registers.  Only three
 * matter here: the stack pointer, the frame pointer and the return address.  Garbage ends in
 * HF_RULE_LOST, or in a rule that is wrong; whoever follows rules checks where they lead. */
#include "platform/unwind.h"

#include <string.h>

#if HF_CAN_WALK

/* Numbers of registers. */
enum { FRAME_POINTER = 6, STACK_POINTER = 7, RETURN_ADDRESS = 16 };

/* Where a register's value in the caller is. */
typedef enum where {
    UNCHANGED,
    UNDEFINED,
    AT_OFFSET,     /* at the CFA + offset */
    AT_EXPRESSION, /* at the address that it computes */
    ELSEWHERE,
} where;

typedef struct place {
    where where;
    union {
        int64_t offset;
        const uint8_t *expression; /* its length comes first */
    } as;
} place;

/* What is known at one address. */
typedef struct row {
    uint64_t cfa_register;
    place cfa; /* AT_OFFSET: the register + offset; AT_EXPRESSION: what it computes */
    place frame_pointer;
    place return_address;
} row;

enum { REMEMBERED_MAX = 8 };

typedef struct run {
    const hf_cfi_entry *entry;
    uintptr_t wanted;
    uintptr_t now; /* the address that the row is for */
    row row;
    row initial; /* after the common instructions */
    row remembered[REMEMBERED_MAX];
    unsigned remembered_count;
    place ignored; /* of any other register */
} run;

static place *place_in(run *of, row *in, uint64_t number)
{
    if (number == FRAME_POINTER)
        return &in->frame_pointer;
    return number == RETURN_ADDRESS ? &in->return_address : &of->ignored;
}

static place at_offset(int64_t factored, const run *of)
{
    int64_t offset;
    if (__builtin_mul_overflow(factored, of->entry->data_factor, &offset))
        return (place){.where = ELSEWHERE};
    return (place){.where = AT_OFFSET, .as.offset = offset};
}

/* Skips it; it is looked at when all is known. */
static place take_expression(hf_cursor *from)
{
    hf_cursor block;
    place taken = {.where = AT_EXPRESSION, .as.expression = from->at};
    hf_take_block(from, hf_take_uleb(from), &block);
    return taken;
}

static void set(run *of, uint64_t number, place to)
{
    *place_in(of, &of->row, number) = to;
}

static void restore(run *of, uint64_t number)
{
    set(of, number, *place_in(of, &of->initial, number));
}

static void define_cfa(run *of, uint64_t number, place offset)
{
    of->row.cfa_register = number;
    of->row.cfa = offset;
}

static void define_cfa_offset(run *of, place offset)
{
    if (of->row.cfa.where == AT_OFFSET)
        of->row.cfa = offset;
}

static place plain_offset(uint64_t offset)
{
    return (place){.where = AT_OFFSET, .as.offset = (int64_t)offset};
}

/* Moves on.  False: to beyond the address that is wanted. */
static bool advance(run *of, uint64_t units)
{
    uint64_t bytes;
    if (__builtin_mul_overflow(units, of->entry->code_factor, &bytes) ||
        bytes > of->wanted - of->now)
        return false;
    of->now += bytes;
    return true;
}

static bool remember(run *of)
{
    if (of->remembered_count == REMEMBERED_MAX)
        return false;
    of->remembered[of->remembered_count++] = of->row;
    return true;
}

static bool recall(run *of)
{
    if (of->remembered_count == 0)
        return false;
    of->row = of->remembered[--of->remembered_count];
    return true;
}

/* What the instructions are called in <dwarf.h> is what they do. */
enum {
    CFA_NOP = 0x00,
    CFA_SET_LOC,
    CFA_ADVANCE_LOC1,
    CFA_ADVANCE_LOC2,
    CFA_ADVANCE_LOC4,
    CFA_OFFSET_EXTENDED,
    CFA_RESTORE_EXTENDED,
    CFA_UNDEFINED,
    CFA_SAME_VALUE,
    CFA_REGISTER,
    CFA_REMEMBER_STATE,
    CFA_RESTORE_STATE,
    CFA_DEF_CFA,
    CFA_DEF_CFA_REGISTER,
    CFA_DEF_CFA_OFFSET,
    CFA_DEF_CFA_EXPRESSION,
    CFA_EXPRESSION,
    CFA_OFFSET_EXTENDED_SF,
    CFA_DEF_CFA_SF,
    CFA_DEF_CFA_OFFSET_SF,
    CFA_VAL_OFFSET,
    CFA_VAL_OFFSET_SF,
    CFA_VAL_EXPRESSION,
    CFA_GNU_ARGS_SIZE = 0x2e,
    CFA_ADVANCE_LOC = 0x40, /* these three hold an operand in their lower six bits */
    CFA_OFFSET = 0x80,
    CFA_RESTORE = 0xc0,
};

typedef enum verdict { GO_ON, DONE, FAILED } verdict;

/* Those that say where registers are. */
static verdict step_register(run *of, hf_cursor *from, unsigned code)
{
    uint64_t number = hf_take_uleb(from);
    switch (code) {
    case CFA_OFFSET_EXTENDED:
        set(of, number, at_offset((int64_t)hf_take_uleb(from), of));
        return GO_ON;
    case CFA_OFFSET_EXTENDED_SF:
        set(of, number, at_offset(hf_take_sleb(from), of));
        return GO_ON;
    case CFA_RESTORE_EXTENDED:
        restore(of, number);
        return GO_ON;
    case CFA_UNDEFINED:
        set(of, number, (place){.where = UNDEFINED});
        return GO_ON;
    case CFA_SAME_VALUE:
        set(of, number, (place){.where = UNCHANGED});
        return GO_ON;
    case CFA_EXPRESSION:
        set(of, number, take_expression(from));
        return GO_ON;
    case CFA_VAL_EXPRESSION:
        (void)take_expression(from);
        break;
    case CFA_REGISTER:
    case CFA_VAL_OFFSET:
    case CFA_VAL_OFFSET_SF:
        (void)hf_take_uleb(from);
        break;
    default:
        return FAILED;
    }
    set(of, number, (place){.where = ELSEWHERE});
    return GO_ON;
}

/* Those that say where the CFA is, and the rest. */
static verdict step_other(run *of, hf_cursor *from, unsigned code)
{
    uint64_t number;
    switch (code) {
    case CFA_NOP:
        return GO_ON;
    case CFA_GNU_ARGS_SIZE:
        (void)hf_take_uleb(from);
        return GO_ON;
    case CFA_ADVANCE_LOC1:
        return advance(of, hf_take(from, 1)) ? GO_ON : DONE;
    case CFA_ADVANCE_LOC2:
        return advance(of, hf_take(from, 2)) ? GO_ON : DONE;
    case CFA_ADVANCE_LOC4:
        return advance(of, hf_take(from, 4)) ? GO_ON : DONE;
    case CFA_REMEMBER_STATE:
        return remember(of) ? GO_ON : FAILED;
    case CFA_RESTORE_STATE:
        return recall(of) ? GO_ON : FAILED;
    case CFA_DEF_CFA:
        number = hf_take_uleb(from);
        define_cfa(of, number, plain_offset(hf_take_uleb(from)));
        return GO_ON;
    case CFA_DEF_CFA_SF:
        number = hf_take_uleb(from);
        define_cfa(of, number, at_offset(hf_take_sleb(from), of));
        return GO_ON;
    case CFA_DEF_CFA_REGISTER:
        of->row.cfa_register = hf_take_uleb(from);
        return GO_ON;
    case CFA_DEF_CFA_OFFSET:
        define_cfa_offset(of, plain_offset(hf_take_uleb(from)));
        return GO_ON;
    case CFA_DEF_CFA_OFFSET_SF:
        define_cfa_offset(of, at_offset(hf_take_sleb(from), of));
        return GO_ON;
    case CFA_DEF_CFA_EXPRESSION:
        of->row.cfa = take_expression(from);
        return GO_ON;
    default:
        return step_register(of, from, code);
    }
}

static verdict step(run *of, hf_cursor *from)
{
    unsigned code = (unsigned)hf_take(from, 1);
    unsigned operand = code & 0x3f;
    switch (code & 0xc0) {
    case CFA_ADVANCE_LOC:
        return advance(of, operand) ? GO_ON : DONE;
    case CFA_OFFSET:
        set(of, operand, at_offset((int64_t)hf_take_uleb(from), of));
        return GO_ON;
    case CFA_RESTORE:
        restore(of, operand);
        return GO_ON;
    default:
        return step_other(of, from, code);
    }
}

static bool run_all(run *of, hf_cursor from)
{
    while (from.at < from.end) {
        verdict now = step(of, &from);
        if (now == FAILED || from.bad)
            return false;
        if (now == DONE)
            return true;
    }
    return true;
}

/* ---- what a row amounts to -------------------------------------------------------------------
 */

/* Whether an expression consists of these bytes. */
static bool is_expression(const place *of, const char *bytes, size_t length)
{
    return of->where == AT_EXPRESSION && of->as.expression[0] == length &&
           memcmp(of->as.expression + 1, bytes, length) == 0;
}

#define IS_EXPRESSION(of, bytes) is_expression(of, bytes, sizeof(bytes) - 1)

/* The stub that calls a function of another object has pushed one word from its eleventh byte on
 * (which byte it is, is in the expression): CFA = rsp + 8 + ((rip & 15) >= 11) * 8. */
static hf_rule rule_of_stub(const row *of, uintptr_t address)
{
    const uint8_t *bytes = of->cfa.as.expression;
    if (bytes[0] != 11 || memcmp(bytes + 1, "\x77\x08\x80\x00\x3f\x1a", 6) != 0 ||
        (bytes[7] & 0xf0) != 0x30 || memcmp(bytes + 8, "\x2a\x33\x24\x22", 4) != 0 ||
        of->frame_pointer.where != UNCHANGED)
        return HF_RULE_LOST;
    return hf_rule_make(HF_RULE_BY_STACK, 0, (address & 15) >= (bytes[7] & 15U) ? 2 : 1);
}

static hf_rule rule_of_expression(const row *of, uintptr_t address)
{
    const uint8_t *bytes = of->cfa.as.expression;
    if (IS_EXPRESSION(&of->cfa, "\x77\xa0\x01\x06") &&
        IS_EXPRESSION(&of->frame_pointer, "\x77\xf8\x00") &&
        IS_EXPRESSION(&of->return_address, "\x77\xa8\x01"))
        return HF_RULE_SIGNAL;
    if (of->return_address.where != AT_OFFSET || of->return_address.as.offset != -8)
        return HF_RULE_LOST;
    /* [rbp - n], n up to 64: the operand is one byte, negative, and a multiple of 8. */
    if (bytes[0] == 3 && bytes[1] == 0x76 && (bytes[2] & 0xc7) == 0x40 && bytes[3] == 0x06 &&
        IS_EXPRESSION(&of->frame_pointer, "\x76\x00"))
        return hf_rule_make(HF_RULE_REALIGNED, 0, (0x80U - bytes[2]) / 8);
    return rule_of_stub(of, address);
}

/* An offset from `low` to `high` bytes, as words. */
static bool in_words(int64_t offset, int64_t low, int64_t high, unsigned *out)
{
    *out = (unsigned)((uint64_t)offset / 8);
    return offset >= low && offset <= high && offset % 8 == 0;
}

static hf_rule rule_of(const row *of, uintptr_t address)
{
    unsigned offset;
    unsigned saved = 0;
    if (of->return_address.where == UNDEFINED)
        return HF_RULE_END;
    if (of->cfa.where == AT_EXPRESSION)
        return rule_of_expression(of, address);
    if (of->cfa.where != AT_OFFSET ||
        !in_words(of->cfa.as.offset, 8, (int64_t)HF_RULE_OFFSET_MAX * 8, &offset) ||
        of->return_address.where != AT_OFFSET || of->return_address.as.offset != -8)
        return HF_RULE_LOST;
    const place *frame_pointer = &of->frame_pointer;
    if (frame_pointer->where == AT_OFFSET) {
        if (frame_pointer->as.offset < -8 * HF_RULE_SAVED_MAX ||
            !in_words(-frame_pointer->as.offset, 16, 8 * HF_RULE_SAVED_MAX, &saved))
            return HF_RULE_LOST;
    } else if (frame_pointer->where != UNCHANGED) {
        return HF_RULE_LOST;
    }
    if (of->cfa_register == STACK_POINTER)
        return hf_rule_make(HF_RULE_BY_STACK, saved, offset);
    return of->cfa_register == FRAME_POINTER ? hf_rule_make(HF_RULE_BY_FRAME, saved, offset)
                                             : HF_RULE_LOST;
}

hf_rule hf_cfi_run(const hf_cfi_entry *entry, uintptr_t address)
{
    run now;
    memset(&now.row, 0, sizeof now.row);
    now.row.cfa.where = ELSEWHERE;
    now.entry = entry;
    now.now = entry->start;
    now.wanted = entry->start; /* the common instructions are for the first address */
    now.remembered_count = 0;
    now.ignored = (place){.where = UNCHANGED};
    now.initial = now.row;
    if (!run_all(&now, entry->common))
        return HF_RULE_LOST;
    now.initial = now.row;
    now.wanted = address;
    if (!run_all(&now, entry->function))
        return HF_RULE_LOST;
    return rule_of(&now.row, address);
}

#endif
