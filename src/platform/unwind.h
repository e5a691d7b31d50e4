/* How to step from a function to its caller, by the tables that compilers leave in .eh_frame for
 * exceptions (call frame information: DWARF 5, 6.4, with the changes of the Linux Standard Base).
 *
 * What they say for one address is packed into a word, a *rule*; 0 is none.  The caller's stack
 * pointer, once it has returned to, is called the frame's CFA. */
#ifndef HF_PLATFORM_UNWIND_H
#define HF_PLATFORM_UNWIND_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Needs glibc 2.35, which finds an object without a lock, and a machine whose rules are known. */
#if defined(DLFO_STRUCT_HAS_EH_DBASE) && defined(__x86_64__) && defined(__LP64__)
#define HF_CAN_WALK 1
#else
#define HF_CAN_WALK 0
#endif

/* kind 4 | saved 8 | offset 20; the last two in words.
 *
 * The return address lies right below the CFA. */
typedef uint32_t hf_rule;

enum {
    HF_RULE_BY_STACK = 1, /* CFA = stack pointer + offset; the frame pointer was saved `saved` words
                             below it, or, if that is 0, is the caller's still */
    HF_RULE_BY_FRAME,     /* the same from the frame pointer on */
    HF_RULE_REALIGNED,    /* the CFA is kept `offset` words below the frame pointer, which points to
                             the caller's: so gcc does it where it realigns the stack */
    HF_RULE_SIGNAL,       /* a signal handler returns: the stack pointer points to what it
                             interrupted */
    HF_RULE_END,          /* the outermost function, */
    HF_RULE_LOST,         /* or what the tables say is none of the above */
    HF_RULE_UNKNOWN,      /* no table covers the address */
};

enum { HF_RULE_SAVED_MAX = (1 << 8) - 1, HF_RULE_OFFSET_MAX = (1 << 20) - 1 };

static inline hf_rule hf_rule_make(unsigned kind, unsigned saved, unsigned offset)
{
    return kind | saved << 4 | offset << 12;
}

static inline unsigned hf_rule_kind(hf_rule rule)
{
    return rule & 15;
}

static inline unsigned hf_rule_saved(hf_rule rule)
{
    return rule >> 4 & HF_RULE_SAVED_MAX;
}

static inline unsigned hf_rule_offset(hf_rule rule)
{
    return rule >> 12;
}

/* Where the Linux kernel leaves the registers of what a signal interrupted, from the stack pointer
 * on with which the handler returns (struct ucontext). */
enum {
    HF_SIGNAL_FRAME_POINTER = 120,
    HF_SIGNAL_STACK_POINTER = 160,
    HF_SIGNAL_ADDRESS = 168,
};

/* An object's tables as they lie in memory: [start, end) may be read, and nothing else is. */
typedef struct hf_cfi {
    const uint8_t *start;
    const uint8_t *end;
    const uint8_t *header; /* .eh_frame_hdr */
} hf_cfi;

/* A place in the tables.  Whoever reads beyond the end gets zeroes, and it is bad from then on. */
typedef struct hf_cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
} hf_cursor;

uint64_t hf_take(hf_cursor *from, size_t bytes); /* at most 8 */
uint64_t hf_take_uleb(hf_cursor *from);
int64_t hf_take_sleb(hf_cursor *from);
void hf_take_block(hf_cursor *from, uint64_t bytes, hf_cursor *out);

/* An address, encoded as .eh_frame does it (DW_EH_PE_...). */
uintptr_t hf_take_pointer(hf_cursor *from, uint8_t encoding);

/* What the tables say of a function. */
typedef struct hf_cfi_entry {
    uintptr_t start;
    uint64_t code_factor;
    int64_t data_factor;
    hf_cursor common;   /* instructions for every function of the kind, */
    hf_cursor function; /* and for this one */
} hf_cfi_entry;

/* Finds the entry that covers an address.  Whatever the tables hold: false, or an entry whose parts
 * lie in them. */
bool hf_cfi_find(const hf_cfi *tables, uintptr_t address, hf_cfi_entry *out);

/* Carries its instructions out up to that address. */
hf_rule hf_cfi_run(const hf_cfi_entry *entry, uintptr_t address);

#endif
