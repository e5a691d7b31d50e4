/* What code lay where: built up record by record, in the order of the trace, so that at any moment
 * it answers as of the record that was fed last.  For `holdfast run`, which reads the trace while
 * it grows, and for history.h. */
#ifndef HOLDFAST_CODE_H
#define HOLDFAST_CODE_H

#include "trace_reader.h"

typedef struct hf_code hf_code;

/* An object file.  Never freed before the hf_code is; the same file (path and build id) at several
 * places, or in several processes, is one. */
typedef struct hf_code_file {
    const char *path;
    uint32_t number; /* 0, 1, ...: the order of their appearance */
    uint32_t id_bytes;
    uint8_t id[32]; /* build id */
    bool is_tool;   /* holdfast's own: its frames are left out */
} hf_code_file;

/* A return address.  What debug information knows it by is `offset - 1`: the call. */
typedef struct hf_code_place {
    uint64_t address;         /* the return address itself */
    const hf_code_file *file; /* NULL: in no file that is known */
    uint64_t offset; /* the address less the file's bias: as in its symbols; without a file,
                        the address */
} hf_code_place;

hf_code *hf_code_create(void); /* NULL: out of memory, as in what follows */
void hf_code_destroy(hf_code *code);

/* Heeds PROCESS, MODULE and UNLOAD records; others do nothing.  False: out of memory. */
bool hf_code_feed(hf_code *code, const hf_reader_record *record);

/* Where a return address of the process of that number lies; what was unloaded lately still counts,
 * unless something else lies there now. */
hf_code_place hf_code_find(const hf_code *code, uint32_t id, uint64_t return_address);

#endif
