/* Names by libdw.
 *
 * The line table gives the place of the innermost frame.  Going outwards through the inlined
 * functions, each has its own name, and the place of its call is the place in the next one; the
 * last is the function that was not inlined, whose name is best taken from the symbol table. */
#include "dwarf_names.h"

#include <dlfcn.h>
#include <dwarf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libdw.h"

/* ---- names ---------------------------------------------------------------------------------- */

typedef char *demangler(const char *name, char *buffer, size_t *length, int *status);

/* C++'s own, if it is there. */
static demangler *find_demangler(void)
{
    void *library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
    void *found = library != NULL ? dlsym(library, "__cxa_demangle") : NULL;
    demangler *answer;
    memcpy(&answer, &found, sizeof answer);
    return answer;
}

static const char *readable(const char *name)
{
    static demangler *demangle;
    static bool looked;
    int status = -1;
    if (name == NULL)
        return "";
    const char *version = strchr(name, '@'); /* name@@GLIBC_2.34 */
    if (version != NULL) {
        char *cut = strndup(name, (size_t)(version - name));
        return cut != NULL ? cut : name;
    }
    if (strncmp(name, "_Z", 2) != 0)
        return name;
    if (!looked)
        demangle = find_demangler();
    looked = true;
    char *plain = demangle != NULL ? demangle(name, NULL, NULL, &status) : NULL;
    return plain != NULL && status == 0 ? plain : name;
}

static const char *name_of(Dwarf_Die *function)
{
    Dwarf_Attribute attribute;
    const char *linkage = NULL;
    if (libdw.dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute) != NULL)
        linkage = libdw.dwarf_formstring(&attribute);
    return readable(linkage != NULL ? linkage : libdw.dwarf_diename(function));
}

/* Files may be written as they were given to the compiler, in the folder where it ran. */
static const char *whole_path(Dwarf_Die *unit, const char *file)
{
    Dwarf_Attribute attribute;
    const char *folder = NULL;
    char *path = NULL;
    if (file == NULL)
        return "";
    if (file[0] != '/' && libdw.dwarf_attr(unit, DW_AT_comp_dir, &attribute) != NULL)
        folder = libdw.dwarf_formstring(&attribute);
    if (folder == NULL || asprintf(&path, "%s/%s", folder, file) < 0)
        return file;
    return path;
}

/* ---- places --------------------------------------------------------------------------------- */

/* The compilation unit of an address.  clang writes no table of address ranges; where there is
 * none, or one of other units only, each unit has to be asked. */
static Dwarf_Die *unit_of(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias)
{
    Dwarf_Die *unit = libdw.dwfl_module_addrdie(module, address, bias);
    if (unit != NULL && libdw.dwarf_haspc(unit, address - *bias) == 1)
        return unit;
    unit = NULL;
    while ((unit = libdw.dwfl_module_nextcu(module, unit, bias)) != NULL) {
        if (libdw.dwarf_haspc(unit, address - *bias) == 1)
            return unit;
    }
    return NULL;
}

static void read_line(Dwarf_Die *unit, Dwarf_Addr address, symbols_frame *out)
{
    int number = 0;
    int column = 0;
    Dwarf_Line *line = libdw.dwarf_getsrc_die(unit, address);
    if (line == NULL || libdw.dwarf_lineno(line, &number) != 0 || number <= 0)
        return;
    out->file = whole_path(unit, libdw.dwarf_linesrc(line, NULL, NULL));
    out->line = (uint32_t)number;
    if (libdw.dwarf_linecol(line, &column) == 0 && column > 0)
        out->column = (uint32_t)column;
}

static Dwarf_Word number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word number;
    if (libdw.dwarf_attr(die, name, &attribute) == NULL ||
        libdw.dwarf_formudata(&attribute, &number) != 0)
        return 0;
    return number;
}

/* Where an inlined function was called. */
static void read_call(Dwarf_Die *inlined, Dwarf_Die *unit, symbols_frame *out)
{
    Dwarf_Files *files;
    size_t count;
    Dwarf_Word file = number_of(inlined, DW_AT_call_file);
    if (libdw.dwarf_getsrcfiles(unit, &files, &count) != 0 || file >= count)
        return;
    out->file = whole_path(unit, libdw.dwarf_filesrc(files, file, NULL, NULL));
    out->line = (uint32_t)number_of(inlined, DW_AT_call_line);
    out->column = (uint32_t)number_of(inlined, DW_AT_call_column);
}

/* The scopes around an address, innermost first, up to the unit.  To be freed. */
static int scopes_at(Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die **scopes)
{
    Dwarf_Die *innermost = NULL;
    int count = libdw.dwarf_getscopes(unit, address, &innermost);
    *scopes = NULL;
    /* What that answers beyond the first are the scopes where an inlined function is defined. */
    if (count > 0)
        count = libdw.dwarf_getscopes_die(&innermost[0], scopes);
    free(innermost);
    return count;
}

static void read_scopes(Dwarf_Die *unit, Dwarf_Addr address, symbols_place *out)
{
    Dwarf_Die *scopes;
    int count = scopes_at(unit, address, &scopes);
    for (int i = 0; i < count; i++) {
        symbols_frame *frame = &out->frames[out->count - 1];
        int tag = libdw.dwarf_tag(&scopes[i]);
        if (tag == DW_TAG_subprogram) {
            /* The symbol's name is kept: it may be a part that the compiler split off. */
            if (out->count > 1 || frame->function[0] == '\0')
                frame->function = name_of(&scopes[i]);
            break;
        }
        if (tag != DW_TAG_inlined_subroutine || out->count == SYMBOLS_FRAMES_MAX)
            continue;
        symbols_frame *caller = &out->frames[out->count++];
        *caller = (symbols_frame){.function = frame->function, .file = ""};
        frame->function = name_of(&scopes[i]);
        read_call(&scopes[i], unit, caller);
    }
    free(scopes);
}

/* With _FORTIFY_SOURCE the C library's headers have functions such as open inline, which call the
 * one in the library: that is the call, and who made it comes next. */
static bool is_fortified(const symbols_frame *frame)
{
    return strstr(frame->file, "/bits/") != NULL && strstr(frame->file, "/c++/") == NULL &&
           strstr(frame->file, "bsearch") == NULL;
}

static void drop_fortified(symbols_place *of)
{
    while (of->count > 1 && is_fortified(&of->frames[0])) {
        of->count--;
        memmove(&of->frames[0], &of->frames[1], of->count * sizeof of->frames[0]);
    }
}

void dwarf_name(Dwfl_Module *module, uint64_t address, symbols_place *out)
{
    Dwarf_Addr bias = 0;
    out->count = 1;
    out->frames[0] = (symbols_frame){
        .function = readable(libdw.dwfl_module_addrname(module, address)), .file = ""};
    Dwarf_Die *unit = unit_of(module, address, &bias);
    if (unit == NULL)
        return;
    read_line(unit, address - bias, &out->frames[0]);
    read_scopes(unit, address - bias, out);
    drop_fortified(out);
}
