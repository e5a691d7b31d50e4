/* For each process the modules that lie in it, the last told behind the others. */
#include "code.h"

#include <stdlib.h>
#include <string.h>

#include "index.h"

typedef struct module {
    uint64_t start;
    uint64_t end;
    uint64_t bias;
    uint32_t file; /* its number */
    bool is_gone;
} module;

typedef struct code_process {
    module *modules;
    uint32_t count;
    uint32_t capacity;
} code_process;

struct hf_code {
    hf_texts texts;
    hf_code_file **files;
    uint32_t file_count;
    uint32_t file_capacity;
    hf_index file_of; /* hash of the build id, address of the path: number */
    code_process *processes;
    uint32_t process_count;
    uint32_t process_capacity;
    hf_index process_of; /* 0, system's id: number */
};

hf_code *hf_code_create(void)
{
    return calloc(1, sizeof(hf_code));
}

void hf_code_destroy(hf_code *code)
{
    if (code == NULL)
        return;
    for (uint32_t i = 0; i < code->process_count; i++)
        free(code->processes[i].modules);
    for (uint32_t i = 0; i < code->file_count; i++)
        free(code->files[i]);
    free(code->processes);
    free(code->files);
    hf_index_free(&code->file_of);
    hf_index_free(&code->process_of);
    hf_texts_free(&code->texts);
    free(code);
}

/* ---- files ----------------------------------------------------------------------------------- */

static uint64_t hash_of_id(const hf_trace_module *of)
{
    uint64_t hash = of->id_bytes + 1;
    for (uint32_t i = 0; i < of->id_bytes; i++)
        hash = (hash ^ of->id[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static bool is_file_of(const hf_code_file *file, const hf_trace_module *body, const char *path)
{
    return file->path == path && file->id_bytes == body->id_bytes &&
           memcmp(file->id, body->id, body->id_bytes) == 0;
}

static hf_code_file *add_file(hf_code *code, const hf_trace_module *body, const char *path)
{
    hf_code_file *file = calloc(1, sizeof *file);
    void *files = code->files;
    hf_code_file **place = file != NULL ? hf_array_add(&files, &code->file_count,
                                                       &code->file_capacity, sizeof(hf_code_file *))
                                        : NULL;
    code->files = files;
    if (place == NULL) {
        free(file);
        return NULL;
    }
    *place = file;
    file->path = path;
    file->number = code->file_count - 1;
    file->id_bytes = body->id_bytes;
    file->is_tool = body->is_tool != 0;
    memcpy(file->id, body->id, sizeof file->id);
    return hf_index_set(&code->file_of, hash_of_id(body), (uintptr_t)path, file->number) ? file
                                                                                         : NULL;
}

/* NULL: out of memory. */
static const hf_code_file *file_of(hf_code *code, const hf_trace_module *body, const char *text)
{
    const char *path = hf_texts_keep(&code->texts, text);
    if (path == NULL)
        return NULL;
    uint32_t known = hf_index_get(&code->file_of, hash_of_id(body), (uintptr_t)path);
    if (known != UINT32_MAX && is_file_of(code->files[known], body, path))
        return code->files[known];
    return add_file(code, body, path);
}

/* ---- processes ------------------------------------------------------------------------------- */

static code_process *find_process(const hf_code *code, uint32_t id)
{
    uint32_t number = hf_index_get(&code->process_of, 0, id);
    return number != UINT32_MAX ? &code->processes[number] : NULL;
}

static code_process *process_of(hf_code *code, uint32_t id)
{
    code_process *found = find_process(code, id);
    void *processes = code->processes;
    if (found != NULL)
        return found;
    found = hf_array_add(&processes, &code->process_count, &code->process_capacity,
                         sizeof(code_process));
    code->processes = processes;
    if (found == NULL || !hf_index_set(&code->process_of, 0, id, code->process_count - 1))
        return NULL;
    return found;
}

static bool copy_modules(code_process *to, const code_process *from)
{
    module *copy = from->count != 0 ? malloc(from->count * sizeof *copy) : NULL;
    if (copy == NULL)
        return from->count == 0;
    memcpy(copy, from->modules, from->count * sizeof *copy);
    *to = (code_process){.modules = copy, .count = from->count, .capacity = from->count};
    return true;
}

static bool begin_process(hf_code *code, const hf_trace_process *body)
{
    code_process *process = process_of(code, body->common.process);
    const code_process *parent = find_process(code, body->parent);
    if (process == NULL)
        return false;
    if (parent == process)
        return true;
    free(process->modules);
    *process = (code_process){.modules = NULL};
    return body->beginning != HF_TRACE_FORKED || parent == NULL || copy_modules(process, parent);
}

/* ---- modules --------------------------------------------------------------------------------- */

static void unload(code_process *process, uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < process->count; i++)
        if (process->modules[i].start < end && start < process->modules[i].end)
            process->modules[i].is_gone = true;
}

/* What is told again is not noted again. */
static bool is_there(const code_process *process, const hf_trace_module *body, uint32_t file)
{
    for (uint32_t i = process->count; i-- > 0;) {
        const module *at = &process->modules[i];
        if (at->start == body->start && at->end == body->end && at->bias == body->bias &&
            at->file == file && !at->is_gone)
            return true;
    }
    return false;
}

static bool load(hf_code *code, const hf_trace_module *body, const char *path)
{
    code_process *process = process_of(code, body->common.process);
    const hf_code_file *file = file_of(code, body, path);
    if (process == NULL || file == NULL)
        return false;
    if (is_there(process, body, file->number))
        return true;
    unload(process, body->start, body->end);
    void *modules = process->modules;
    module *added = hf_array_add(&modules, &process->count, &process->capacity, sizeof(module));
    process->modules = modules;
    if (added == NULL)
        return false;
    *added =
        (module){.start = body->start, .end = body->end, .bias = body->bias, .file = file->number};
    return true;
}

bool hf_code_feed(hf_code *code, const hf_reader_record *record)
{
    code_process *process;
    switch (record->kind) {
    case HF_TRACE_PROCESS:
        return begin_process(code, record->body.process);
    case HF_TRACE_MODULE:
        return load(code, record->body.module, record->texts[0]);
    case HF_TRACE_UNLOAD:
        process = find_process(code, record->body.common->process);
        if (process != NULL)
            unload(process, record->body.unload->start, record->body.unload->end);
        return true;
    default:
        return true;
    }
}

hf_code_place hf_code_find(const hf_code *code, uint32_t id, uint64_t return_address)
{
    const code_process *process = find_process(code, id);
    const module *found = NULL;
    for (uint32_t i = process != NULL ? process->count : 0; i-- > 0;) {
        const module *at = &process->modules[i];
        if (return_address - 1 < at->start || return_address - 1 >= at->end)
            continue;
        if (found == NULL || !at->is_gone)
            found = at;
        if (!at->is_gone)
            break;
    }
    if (found == NULL)
        return (hf_code_place){.address = return_address, .offset = return_address};
    return (hf_code_place){.address = return_address,
                           .file = code->files[found->file],
                           .offset = return_address - found->bias};
}
