/* Names for places in object files: functions, files and lines, with inlined frames.
 *
 * The files are read here, outside of the traced program, by elfutils' libdw, which is loaded when
 * the first name is asked for: .symtab, .dynsym and DWARF, also separate debug files
 * (/usr/lib/debug, by build id or debug link).  Servers on the network are never asked.  A file
 * that is not the one that was loaded, because it was replaced or deleted since, is known by its
 * build id and not read: a name from another file would be wrong.
 *
 * Answers are kept, and stay valid until symbols_destroy. */
#ifndef TOOL_SYMBOLS_H
#define TOOL_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

typedef struct symbols symbols;

/* An object file as it was loaded. */
typedef struct symbols_module {
    const char *path;
    const uint8_t *id; /* its build id */
    size_t id_bytes;   /* 0: it has none, and the file is taken for the same */
} symbols_module;

typedef enum symbols_state {
    SYMBOLS_READ,
    SYMBOLS_NO_FILE,   /* there is none, or it cannot be read */
    SYMBOLS_REPLACED,  /* another file lies there now */
    SYMBOLS_NO_LIBRARY /* there is no libdw to read it by */
} symbols_state;

enum { SYMBOLS_FRAMES_MAX = 16 };

typedef struct symbols_frame {
    const char *function; /* "" if unknown */
    const char *file;     /* "" if unknown */
    uint32_t line;        /* 0 if unknown */
    uint32_t column;      /* 0 if unknown */
} symbols_frame;

/* What lies at a place: innermost first.  All but the last are inlined into the next one. */
typedef struct symbols_place {
    symbols_state state;
    const char *path; /* of the file, without the " (deleted)" that the system adds */
    uint32_t count;   /* 1 at least */
    symbols_frame frames[SYMBOLS_FRAMES_MAX];
} symbols_place;

/* NULL: no memory. */
symbols *symbols_create(void);
void symbols_destroy(symbols *of);

/* `offset`: an address as the file's own headers have it, of the call (a return address less 1).
 * Never NULL. */
const symbols_place *symbols_find(symbols *in, const symbols_module *module, uint64_t offset);

/* "it was replaced since": what a state means; "" for SYMBOLS_READ. */
const char *symbols_state_text(symbols_state state);

#endif
