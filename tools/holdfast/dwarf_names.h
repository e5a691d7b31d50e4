/* What DWARF and the symbol tables of one file say of an address. */
#ifndef TOOL_DWARF_NAMES_H
#define TOOL_DWARF_NAMES_H

#include <elfutils/libdwfl.h>

#include "symbols.h"

/* Fills in the frames: at least one, perhaps with nothing known.  Texts live as long as the
 * module's session, or are never freed. */
void dwarf_name(Dwfl_Module *module, uint64_t address, symbols_place *out);

#endif
