/* Names for addresses: by the sanitizer's own symbolizer where the program is built with one, else
 * by libdw, else by the dynamic linker, which knows exported functions only. */
#include "platform/sanitizer.h"
#include "platform/symbols.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void hf_copy_text(char *to, size_t size, const char *from)
{
    size_t length = strnlen(from, size - 1);
    memcpy(to, from, length);
    to[length] = '\0';
}

bool hf_is_own_header(const char *file)
{
    const char *name = strrchr(file, '/');
    static const char folder[] = "holdfast/";
    size_t length = sizeof folder - 1;
    if (name == NULL || (size_t)(name + 1 - file) < length ||
        memcmp(name + 1 - length, folder, length) != 0)
        return false;
    const char *dot = strrchr(name, '.');
    return dot != NULL && (strcmp(dot, ".h") == 0 || strcmp(dot, ".hpp") == 0);
}

/* ---- modules -------------------------------------------------------------------------------- */

static bool is_program(const hf_object *object)
{
    return object->path == NULL || object->path[0] == '\0';
}

/* The program may have been started by any name. */
static void copy_path(hf_os_symbol *out, const hf_object *object)
{
    if (!is_program(object)) {
        hf_copy_text(out->module, sizeof out->module, object->path);
        return;
    }
    ssize_t length = readlink("/proc/self/exe", out->module, sizeof out->module - 1);
    out->module[length > 0 ? length : 0] = '\0';
}

/* False: the address lies in no loaded object. */
static bool locate(uintptr_t pc, hf_os_symbol *out, hf_object *object)
{
    memset(out, 0, sizeof *out);
    if (!hf_object_find(pc, object))
        return false;
    copy_path(out, object);
    out->offset = pc - object->bias;
    return true;
}

/* ---- what is the library's own --------------------------------------------------------------- */

/* Whether this code lies in a shared object of its own, not in one with the user's. */
static bool is_shared_library(const hf_object *own)
{
    const char *name = is_program(own) ? NULL : strrchr(own->path, '/');
    static const char library[] = "/libholdfast.so";
    static const char preloaded[] = "/libholdfast-run.so";
    return name != NULL && (strncmp(name, library, sizeof library - 1) == 0 ||
                            strncmp(name, preloaded, sizeof preloaded - 1) == 0);
}

/* The folder of the library's sources, as the compiler was told it; 0 if it was told no whole path.
 */
static size_t source_folder_length(void)
{
    static const char here[] = __FILE__;
    static const char tail[] = "platform/posix_symbols.c";
    return here[0] == '/' && sizeof here > sizeof tail ? sizeof here - sizeof tail : 0;
}

/* Linked into the user's own object, the library is known by its source files; by its functions'
 * names only where files are not known. */
static bool is_own_function(const hf_os_symbol *symbol)
{
    size_t folder = source_folder_length();
    if (symbol->file[0] != '\0' && folder > 0)
        return strncmp(symbol->file, __FILE__, folder) == 0;
    return strncmp(symbol->function, "hf_", 3) == 0;
}

static bool is_own(const hf_os_symbol *symbol, const hf_object *object)
{
    hf_object own;
    if (hf_is_own_header(symbol->file))
        return true;
    if (!hf_object_find((uintptr_t)&hf_os_symbolize, &own) || own.bias != object->bias)
        return false;
    return is_shared_library(&own) || is_own_function(symbol);
}

/* As the dynamic linker has it, if the folder that it is relative to is gone.  Keeps errno. */
static void module_path(const hf_object *object, char *path, size_t size)
{
    int saved = errno;
    if (is_program(object))
        hf_os_program_path(path, size);
    else if (strchr(object->path, '/') == NULL || /* no file: linux-vdso.so.1 */
             !hf_os_absolute_path(object->path, strlen(object->path), path, size))
        hf_copy_text(path, size, object->path);
    errno = saved;
}

bool hf_os_module_find(uintptr_t address, hf_os_module *out)
{
    hf_object object;
    hf_object own;
    if (!hf_object_find(address, &object))
        return false;
    out->start = object.start;
    out->end = object.end;
    out->bias = object.bias;
    out->id_bytes = (uint32_t)hf_object_build_id(&object, out->id, sizeof out->id);
    module_path(&object, out->path, sizeof out->path);
    out->is_library = hf_object_find((uintptr_t)&hf_os_module_find, &own) &&
                      own.bias == object.bias && is_shared_library(&own);
    return true;
}

void hf_os_locate(uintptr_t return_address, hf_os_symbol *out)
{
    hf_object object;
    int saved = errno;
    if (locate(return_address - 1, out, &object))
        out->in_holdfast = is_own(out, &object);
    errno = saved;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Takes "function\nfile\nline" apart.  The sanitizers write "<null>" and "??" for what they do not
 * know. */
static bool take_apart(char *text, hf_os_symbol *out)
{
    char *file = strchr(text, '\n');
    char *line = file != NULL ? strchr(file + 1, '\n') : NULL;
    if (line == NULL)
        return false;
    *file++ = '\0';
    *line++ = '\0';
    if (text[0] != '<' && text[0] != '?' && text[0] != '\0')
        hf_copy_text(out->function, sizeof out->function, text);
    long number = strtol(line, NULL, 10);
    if (file[0] == '<' || file[0] == '?' || file[0] == '\0' || number <= 0)
        return false;
    hf_copy_text(out->file, sizeof out->file, file);
    out->line = (uint32_t)number;
    return true;
}

/* Its answers for inlined functions follow each other, innermost first, each terminated; an empty
 * one ends them. */
static bool sanitizer_name(uintptr_t pc, hf_os_symbol *out)
{
    char text[1024];
    bool known = false;
    if (!hf_sanitizer_name(pc, text, sizeof text))
        return false;
    for (char *answer = text; answer < text + sizeof text && *answer != '\0';) {
        char *next = answer + strlen(answer) + 1;
        known = take_apart(answer, out);
        if (!known || !hf_is_own_header(out->file))
            break;
        answer = next;
    }
    return known;
}

static void demangle(hf_os_symbol *out)
{
    typedef char *demangler(const char *name, char *buffer, size_t *length, int *status);
    union {
        void *object;
        demangler *function;
    } found = {.object = NULL};
    if (strncmp(out->function, "_Z", 2) != 0)
        return;
    found.object = dlsym(RTLD_DEFAULT, "__cxa_demangle"); /* C++ programs have it */
    char *name = found.object != NULL ? found.function(out->function, NULL, NULL, NULL) : NULL;
    if (name != NULL)
        hf_copy_text(out->function, sizeof out->function, name);
    free(name);
}

/* Exported functions only. */
static void linker_name(uintptr_t pc, hf_os_symbol *out)
{
    Dl_info info;
    if (dladdr((void *)pc, &info) != 0 && info.dli_sname != NULL)
        hf_copy_text(out->function, sizeof out->function, info.dli_sname);
}

void hf_os_symbolize(uintptr_t return_address, hf_os_symbol *out)
{
    hf_object object;
    int saved = errno;
    int state = PTHREAD_CANCEL_ENABLE;
    uintptr_t pc = return_address - 1;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    if (locate(pc, out, &object)) {
        if (!sanitizer_name(pc, out))
            (void)hf_libdw_name(pc, out);
        if (out->function[0] == '\0')
            linker_name(pc, out);
        demangle(out);
        out->in_holdfast = is_own(out, &object);
    }
    (void)pthread_setcancelstate(state, NULL);
    errno = saved;
}

void hf_os_symbolize_by_sanitizer(uintptr_t return_address, hf_os_symbol *out)
{
    hf_object object;
    int saved = errno;
    if (locate(return_address - 1, out, &object)) {
        (void)sanitizer_name(return_address - 1, out);
        out->in_holdfast = is_own(out, &object);
    }
    errno = saved;
}

void hf_os_symbolize_end(void)
{
    int saved = errno;
    hf_libdw_end();
    errno = saved;
}
