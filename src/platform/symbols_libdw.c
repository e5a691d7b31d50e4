/* Functions, files and lines by elfutils' libdw, which is loaded when the first stack is printed,
 * and done without where it is missing.
 *
 * Its descriptors and memory are given back when a report is written (hf_libdw_end): a descriptor
 * that was kept would change which numbers the program's next opens get. */
#include "platform/symbols.h"

#ifdef HF_HAVE_LIBDW

#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is used of libdw, as a table of its functions. */
#define LIBDW_FUNCTIONS(X)          \
    X(dwfl_begin)                   \
    X(dwfl_end)                     \
    X(dwfl_linux_proc_report)       \
    X(dwfl_report_end)              \
    X(dwfl_linux_proc_find_elf)     \
    X(dwfl_build_id_find_debuginfo) \
    X(dwfl_addrmodule)              \
    X(dwfl_module_addrname)         \
    X(dwfl_module_addrdie)          \
    X(dwfl_module_nextcu)           \
    X(dwarf_haspc)                  \
    X(dwarf_getsrc_die)             \
    X(dwarf_linesrc)                \
    X(dwarf_lineno)                 \
    X(dwarf_getscopes)              \
    X(dwarf_getscopes_die)          \
    X(dwarf_getsrcfiles)            \
    X(dwarf_filesrc)                \
    X(dwarf_formstring)             \
    X(dwarf_attr)                   \
    X(dwarf_formudata)              \
    X(dwarf_diename)                \
    X(dwarf_tag)

#define DECLARE_MEMBER(name) __typeof__(name) *name;
#define NAME_TEXT(name)      #name,

static union {
    struct {
        LIBDW_FUNCTIONS(DECLARE_MEMBER)
    } call;
    void *entries[23];
} libdw;

static const char *const entry_names[] = {LIBDW_FUNCTIONS(NAME_TEXT)};

_Static_assert(sizeof libdw.call == sizeof libdw.entries &&
                   sizeof entry_names / sizeof entry_names[0] ==
                       sizeof libdw.entries / sizeof libdw.entries[0],
               "an entry for each function");

/* Everything below is used by one thread at a time, as hf_os_symbolize is. */
static enum { NOT_TRIED, LOADED, MISSING } state;
static Dwfl *session;
static pid_t session_process;
static Dwfl_Callbacks callbacks;

static bool load(void)
{
    if (state != NOT_TRIED)
        return state == LOADED;
    state = MISSING;
    void *object = dlopen("libdw.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (object == NULL)
        return false;
    for (size_t i = 0; i < sizeof entry_names / sizeof entry_names[0]; i++) {
        libdw.entries[i] = dlsym(object, entry_names[i]);
        if (libdw.entries[i] == NULL)
            return false;
    }
    callbacks.find_elf = libdw.call.dwfl_linux_proc_find_elf;
    /* By build id only: the standard search may ask servers on the network. */
    callbacks.find_debuginfo = libdw.call.dwfl_build_id_find_debuginfo;
    state = LOADED;
    return true;
}

/* Reads the list of this process's objects. */
static bool begin_session(void)
{
    session = libdw.call.dwfl_begin(&callbacks);
    session_process = getpid();
    return session != NULL && libdw.call.dwfl_linux_proc_report(session, session_process) == 0 &&
           libdw.call.dwfl_report_end(session, NULL, NULL) == 0;
}

void hf_libdw_end(void)
{
    if (session != NULL && session_process == getpid())
        libdw.call.dwfl_end(session);
    session = NULL;
}

/* The module of an address.  An object may have been loaded since the session began. */
static Dwfl_Module *module_of(uintptr_t pc)
{
    Dwfl_Module *module = NULL;
    if (!load())
        return NULL;
    if (session != NULL && session_process != getpid())
        session = NULL; /* copied by fork, perhaps in the midst of a change: left as it is */
    if (session != NULL)
        module = libdw.call.dwfl_addrmodule(session, pc);
    if (module == NULL && (session == NULL || hf_os_is_code(pc))) {
        hf_libdw_end();
        if (begin_session())
            module = libdw.call.dwfl_addrmodule(session, pc);
    }
    return module;
}

/* The compilation unit of an address.  clang writes no table of address ranges; where there is
 * none, or one of other units only, each unit has to be asked. */
static Dwarf_Die *unit_of(Dwfl_Module *module, uintptr_t pc, Dwarf_Addr *bias)
{
    Dwarf_Die *unit = libdw.call.dwfl_module_addrdie(module, pc, bias);
    if (unit != NULL && libdw.call.dwarf_haspc(unit, pc - *bias) == 1)
        return unit;
    unit = NULL;
    while ((unit = libdw.call.dwfl_module_nextcu(module, unit, bias)) != NULL) {
        if (libdw.call.dwarf_haspc(unit, pc - *bias) == 1)
            return unit;
    }
    return NULL;
}

/* Files may be written as they were given to the compiler, in the folder where it ran. */
static void copy_file(Dwarf_Die *unit, const char *file, hf_os_symbol *out)
{
    Dwarf_Attribute attribute;
    const char *folder = NULL;
    if (file[0] != '/' && libdw.call.dwarf_attr(unit, DW_AT_comp_dir, &attribute) != NULL)
        folder = libdw.call.dwarf_formstring(&attribute);
    if (folder == NULL || folder[0] != '/')
        hf_copy_text(out->file, sizeof out->file, file);
    else
        (void)snprintf(out->file, sizeof out->file, "%s/%s", folder, file);
}

static bool read_line(Dwarf_Die *unit, Dwarf_Addr address, hf_os_symbol *out)
{
    int number = 0;
    Dwarf_Line *line = libdw.call.dwarf_getsrc_die(unit, address);
    const char *file = line != NULL ? libdw.call.dwarf_linesrc(line, NULL, NULL) : NULL;
    if (file == NULL || libdw.call.dwarf_lineno(line, &number) != 0)
        return false;
    copy_file(unit, file, out);
    out->line = number > 0 ? (uint32_t)number : 0;
    return true;
}

static bool read_number(Dwarf_Die *die, unsigned name, Dwarf_Word *out)
{
    Dwarf_Attribute attribute;
    return libdw.call.dwarf_attr(die, name, &attribute) != NULL &&
           libdw.call.dwarf_formudata(&attribute, out) == 0;
}

/* Replaces a place inside an inlined function by the place of its call. */
static bool go_to_call(Dwarf_Die *inlined, Dwarf_Die *unit, hf_os_symbol *out)
{
    Dwarf_Files *files;
    size_t count;
    Dwarf_Word number;
    Dwarf_Word line;
    if (!read_number(inlined, DW_AT_call_file, &number) ||
        !read_number(inlined, DW_AT_call_line, &line) ||
        libdw.call.dwarf_getsrcfiles(unit, &files, &count) != 0 || number >= count)
        return false;
    const char *file = libdw.call.dwarf_filesrc(files, number, NULL, NULL);
    if (file == NULL)
        return false;
    copy_file(unit, file, out);
    out->line = (uint32_t)line;
    return true;
}

/* The scopes around an address, innermost first: inlined functions within their callers, up to the
 * function that was not inlined.  To be freed. */
static int scopes_at(Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die **scopes)
{
    Dwarf_Die *innermost = NULL;
    int count = libdw.call.dwarf_getscopes(unit, address, &innermost);
    *scopes = NULL;
    /* What that answers beyond the first are the scopes where an inlined function is defined. */
    if (count > 0)
        count = libdw.call.dwarf_getscopes_die(&innermost[0], scopes);
    free(innermost);
    return count;
}

/* Names the innermost function there that is not one of Holdfast's inlined ones. */
static void read_scopes(Dwarf_Die *unit, Dwarf_Addr address, hf_os_symbol *out)
{
    Dwarf_Die *scopes;
    int count = scopes_at(unit, address, &scopes);
    for (int i = 0; i < count; i++) {
        int tag = libdw.call.dwarf_tag(&scopes[i]);
        bool inlined = tag == DW_TAG_inlined_subroutine;
        if (!inlined && tag != DW_TAG_subprogram)
            continue;
        if (inlined && hf_is_own_header(out->file) && go_to_call(&scopes[i], unit, out))
            continue;
        /* A C++ function has its full name from its symbol, unless it was inlined. */
        const char *name = libdw.call.dwarf_diename(&scopes[i]);
        if (name != NULL && (inlined || strncmp(out->function, "_Z", 2) != 0))
            hf_copy_text(out->function, sizeof out->function, name);
        break;
    }
    free(scopes);
}

bool hf_libdw_name(uintptr_t pc, hf_os_symbol *out)
{
    Dwarf_Addr bias = 0;
    Dwfl_Module *module = module_of(pc);
    if (module == NULL)
        return false;
    const char *function = libdw.call.dwfl_module_addrname(module, pc);
    if (function != NULL)
        hf_copy_text(out->function, sizeof out->function, function);
    Dwarf_Die *unit = unit_of(module, pc, &bias);
    if (unit == NULL || !read_line(unit, pc - bias, out))
        return false;
    read_scopes(unit, pc - bias, out);
    return true;
}

#else

bool hf_libdw_name(uintptr_t pc, hf_os_symbol *out)
{
    (void)pc;
    (void)out;
    return false;
}

void hf_libdw_end(void)
{
}

#endif
