/* Files that are read once, and places that are named once.
 *
 * Each file has a session of libdwfl's to itself, in which it lies at address 0 (or where it is
 * linked to, if it cannot be moved): addresses in it are those of its own headers. */
#include "symbols.h"

#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwarf_names.h"
#include "libdw.h"

typedef struct file {
    char *path;
    uint8_t id[64];
    size_t id_bytes;
    symbols_state state;
    Dwfl *session;
    Dwfl_Module *module;
    void *places; /* tree of cached_place */
} file;

typedef struct cached_place {
    uint64_t offset;
    symbols_place place;
} cached_place;

struct symbols {
    void *files; /* tree of file */
};

static const symbols_place nothing_known = {
    .state = SYMBOLS_NO_FILE, .path = "", .count = 1, .frames = {{.function = "", .file = ""}}};

/* ---- files ---------------------------------------------------------------------------------- */

static const Dwfl_Callbacks *callbacks(void)
{
    static Dwfl_Callbacks made;
    made.find_elf = libdw.dwfl_build_id_find_elf;
    made.find_debuginfo = libdw.dwfl_standard_find_debuginfo; /* see symbols_create: no network */
    made.section_address = libdw.dwfl_offline_section_address;
    return &made;
}

static bool has_id(Dwfl_Module *module, const file *of)
{
    const unsigned char *id;
    GElf_Addr where;
    int bytes = libdw.dwfl_module_build_id(module, &id, &where);
    return bytes >= 0 && (size_t)bytes == of->id_bytes && memcmp(id, of->id, of->id_bytes) == 0;
}

static symbols_state open_path(file *of, const char *path)
{
    symbols_state state = SYMBOLS_NO_FILE;
    of->session = libdw.dwfl_begin(callbacks());
    if (of->session == NULL)
        return SYMBOLS_NO_FILE;
    of->module = libdw.dwfl_report_elf(of->session, "module", path, -1, 0, false);
    if (of->module != NULL && libdw.dwfl_report_end(of->session, NULL, NULL) == 0)
        state = of->id_bytes == 0 || has_id(of->module, of) ? SYMBOLS_READ : SYMBOLS_REPLACED;
    if (state != SYMBOLS_READ) {
        libdw.dwfl_end(of->session);
        of->session = NULL;
        of->module = NULL;
    }
    return state;
}

/* The separate debug file alone has all that is needed, too. */
static bool open_debug_file(file *of)
{
    char path[256];
    int length;
    if (of->id_bytes < 2)
        return false;
    length = snprintf(path, sizeof path, "/usr/lib/debug/.build-id/%02x/", of->id[0]);
    for (size_t i = 1; i < of->id_bytes; i++)
        length += snprintf(path + length, sizeof path - (size_t)length, "%02x", of->id[i]);
    (void)snprintf(path + length, sizeof path - (size_t)length, ".debug");
    return open_path(of, path) == SYMBOLS_READ;
}

static void open_file(file *of)
{
    of->state = libdw_load() ? open_path(of, of->path) : SYMBOLS_NO_LIBRARY;
    if (of->state != SYMBOLS_READ && of->state != SYMBOLS_NO_LIBRARY && open_debug_file(of))
        of->state = SYMBOLS_READ;
}

static int compare_files(const void *a, const void *b)
{
    const file *x = a;
    const file *y = b;
    int order = strcmp(x->path, y->path);
    if (order == 0 && x->id_bytes != y->id_bytes)
        order = x->id_bytes < y->id_bytes ? -1 : 1;
    return order != 0 ? order : memcmp(x->id, y->id, x->id_bytes);
}

static file *new_file(const file *like)
{
    file *made = malloc(sizeof *made);
    if (made == NULL)
        return NULL;
    *made = *like;
    made->path = strdup(like->path);
    if (made->path == NULL) {
        free(made);
        return NULL;
    }
    open_file(made);
    return made;
}

static void free_file(void *pointer)
{
    file *old = pointer;
    tdestroy(old->places, free);
    if (old->session != NULL)
        libdw.dwfl_end(old->session);
    free(old->path);
    free(old);
}

/* The system marks files that were removed or replaced; what lies there now is told by its id. */
static char *plain_path(const char *path)
{
    static const char mark[] = " (deleted)";
    size_t length = strlen(path);
    size_t rest = length > sizeof mark - 1 ? length - (sizeof mark - 1) : length;
    return strndup(path, strcmp(path + rest, mark) == 0 ? rest : length);
}

static file *find_file(symbols *in, const symbols_module *module)
{
    file key = {.id_bytes = module->id_bytes};
    if (key.id_bytes > sizeof key.id)
        key.id_bytes = sizeof key.id;
    if (key.id_bytes > 0)
        memcpy(key.id, module->id, key.id_bytes);
    char *path = plain_path(module->path);
    key.path = path;
    file **node = path != NULL ? tsearch(&key, &in->files, compare_files) : NULL;
    if (node != NULL && *node == &key) {
        file *made = new_file(&key);
        if (made != NULL)
            *node = made;
        else
            (void)tdelete(&key, &in->files, compare_files);
        node = made != NULL ? node : NULL;
    }
    free(path);
    return node != NULL ? *node : NULL;
}

/* ---- places --------------------------------------------------------------------------------- */

static int compare_places(const void *a, const void *b)
{
    const cached_place *x = a;
    const cached_place *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static void name_place(const file *in, cached_place *out)
{
    out->place = nothing_known;
    out->place.path = in->path;
    out->place.state = in->state;
    if (in->state == SYMBOLS_READ)
        dwarf_name(in->module, out->offset, &out->place);
}

const symbols_place *symbols_find(symbols *in, const symbols_module *module, uint64_t offset)
{
    file *found = find_file(in, module);
    cached_place *made = calloc(1, sizeof *made);
    if (found == NULL || made == NULL) {
        free(made);
        return &nothing_known;
    }
    made->offset = offset;
    cached_place **node = tsearch(made, &found->places, compare_places);
    if (node == NULL || *node != made) {
        free(made);
        return node != NULL ? &(*node)->place : &nothing_known;
    }
    name_place(found, made);
    return &made->place;
}

symbols *symbols_create(void)
{
    /* libdwfl would ask the servers that are named there. */
    (void)unsetenv("DEBUGINFOD_URLS");
    return calloc(1, sizeof(symbols));
}

void symbols_destroy(symbols *of)
{
    if (of == NULL)
        return;
    tdestroy(of->files, free_file);
    free(of);
}

const char *symbols_state_text(symbols_state state)
{
    static const char *const texts[] = {
        [SYMBOLS_READ] = "",
        [SYMBOLS_NO_FILE] = "the file is gone, or cannot be read",
        [SYMBOLS_REPLACED] = "the file was replaced since",
        [SYMBOLS_NO_LIBRARY] = "libdw.so.1 of elfutils cannot be loaded",
    };
    return texts[state];
}
