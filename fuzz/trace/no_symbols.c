/* In place of tools/holdfast/symbols.c: a trace may name any file, and none is opened here. */
#include "symbols.h"

const symbols_place *symbols_find(symbols *in, const symbols_module *module, uint64_t offset)
{
    static symbols_place place = {
        .state = SYMBOLS_NO_FILE, .path = "", .count = 1, .frames = {{.function = "", .file = ""}}};
    (void)in;
    place.path = module->path;
    place.frames[0].function = offset % 3 != 0 ? "function" : "";
    place.frames[0].file = offset % 5 != 0 ? "file.c" : "";
    place.frames[0].line = (uint32_t)(offset % 100);
    return &place;
}

const char *symbols_state_text(symbols_state state)
{
    return state == SYMBOLS_READ ? "" : "it was not looked into";
}
