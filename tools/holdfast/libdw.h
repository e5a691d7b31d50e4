/* elfutils' libdw, loaded when the first place is to be named: it brings five libraries more, and
 * to load them takes as long as all else that the command does for a program without findings.
 *
 *     if (libdw_load())
 *         session = libdw.dwfl_begin(&callbacks);
 *
 * One thread. */
#ifndef TOOL_LIBDW_H
#define TOOL_LIBDW_H

#include <stdbool.h>

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

/* X(name): what is used of it. */
#define LIBDW_FUNCTIONS(X)          \
    X(dwarf_attr)                   \
    X(dwarf_attr_integrate)         \
    X(dwarf_diename)                \
    X(dwarf_filesrc)                \
    X(dwarf_formstring)             \
    X(dwarf_formudata)              \
    X(dwarf_getscopes)              \
    X(dwarf_getscopes_die)          \
    X(dwarf_getsrc_die)             \
    X(dwarf_getsrcfiles)            \
    X(dwarf_haspc)                  \
    X(dwarf_linecol)                \
    X(dwarf_lineno)                 \
    X(dwarf_linesrc)                \
    X(dwarf_tag)                    \
    X(dwfl_begin)                   \
    X(dwfl_build_id_find_elf)       \
    X(dwfl_end)                     \
    X(dwfl_module_addrdie)          \
    X(dwfl_module_addrname)         \
    X(dwfl_module_build_id)         \
    X(dwfl_module_nextcu)           \
    X(dwfl_offline_section_address) \
    X(dwfl_report_elf)              \
    X(dwfl_report_end)              \
    X(dwfl_standard_find_debuginfo)

typedef struct libdw_functions {
#define LIBDW_MEMBER_(name) __typeof__(name) *name;
    LIBDW_FUNCTIONS(LIBDW_MEMBER_)
#undef LIBDW_MEMBER_
} libdw_functions;

/* Filled in by libdw_load. */
extern libdw_functions libdw;

/* False: it is not there, or lacks something.  It is tried once. */
bool libdw_load(void);

#endif
