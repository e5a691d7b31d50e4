/* Modules: told once each.
 *
 * The table of what was told has entries of several words, which are written and read without a
 * lock: an entry's version is odd while it is written, and whoever reads looks at it before and
 * after.  Who finds an entry changed under his eyes takes the module for unknown and tells it
 * again; the same if the table is full.  That is harmless: the later record says the same.
 *
 * Only objects that can be asked for by an address are looked at, not the list of all: that takes
 * the dynamic linker's lock. */
#include "report/trace_modules.h"

#include <string.h>

#include "platform/platform.h"
#include "report/store.h"
#include "report/trace.h"
#include "report/trace_file.h"
#include "report/trace_parts.h"

enum { MODULES = 1024 };

typedef struct told {
    uint32_t version; /* odd: being written */
    uint32_t is_there;
    uint64_t start;
    uint64_t end;
    uint64_t identity;
} told;

static told table[MODULES];
static uint32_t used; /* entries that were ever written */
static uint32_t unloads;

#define GET(field)       __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define PUT(field, word) __atomic_store_n(&(field), (word), __ATOMIC_RELAXED)

uint32_t hf_trace_unloads(void)
{
    return GET(unloads);
}

/* ---- entries --------------------------------------------------------------------------------- */

/* False: it is being changed, or nothing is there. */
static bool read_entry(const told *entry, told *copy)
{
    /* Acquire: the fields come after.  Partner: the release in end_writing. */
    uint32_t version = __atomic_load_n(&entry->version, __ATOMIC_ACQUIRE);
    *copy = (told){.is_there = GET(entry->is_there),
                   .start = GET(entry->start),
                   .end = GET(entry->end),
                   .identity = GET(entry->identity)};
    /* Orders the fields before the second look.  Partner: the fence in begin_writing. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return version % 2 == 0 && GET(entry->version) == version && copy->is_there != 0;
}

static bool begin_writing(told *entry)
{
    uint32_t version = GET(entry->version);
    if (version % 2 != 0 || !__atomic_compare_exchange_n(&entry->version, &version, version + 1,
                                                         false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    /* Orders the mark before the fields.  Partner: the fence in read_entry. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    return true;
}

static void end_writing(told *entry)
{
    /* Release: the fields come before.  Partner: the acquire in read_entry. */
    (void)__atomic_fetch_add(&entry->version, 1, __ATOMIC_RELEASE);
}

static uint32_t entries(void)
{
    uint32_t count = GET(used);
    return count < MODULES ? count : MODULES;
}

/* An entry to write to, or NULL. */
static told *claim(void)
{
    for (uint32_t i = 0; i < entries(); i++) {
        if (GET(table[i].is_there) == 0 && begin_writing(&table[i])) {
            if (GET(table[i].is_there) == 0)
                return &table[i];
            end_writing(&table[i]);
        }
    }
    uint32_t next = __atomic_fetch_add(&used, GET(used) < MODULES, __ATOMIC_RELAXED);
    return next < MODULES && begin_writing(&table[next]) ? &table[next] : NULL;
}

static void remember(const hf_os_module *module, uint64_t identity)
{
    told *entry = claim();
    if (entry == NULL)
        return;
    PUT(entry->start, module->start);
    PUT(entry->end, module->end);
    PUT(entry->identity, identity);
    PUT(entry->is_there, 1u);
    end_writing(entry);
}

static void forget(told *entry, const told *was)
{
    if (!begin_writing(entry))
        return;
    if (GET(entry->identity) == was->identity) {
        PUT(entry->is_there, 0u);
        (void)__atomic_fetch_add(&unloads, 1, __ATOMIC_RELAXED);
    }
    end_writing(entry);
}

/* ---- records --------------------------------------------------------------------------------- */

/* What has a build id needs no path. */
static uint64_t identity_of(const hf_os_module *module)
{
    uint64_t hash = hf_hash_word(hf_hash_word(HF_HASH_START, module->start), module->end);
    hash = hf_hash_word(hash, module->bias);
    for (uint32_t i = 0; i < module->id_bytes; i++)
        hash = hf_hash_word(hash, module->id[i]);
    for (const char *at = module->path; module->id_bytes == 0 && *at != '\0'; at++)
        hash = hf_hash_word(hash, (unsigned char)*at);
    return hf_hash_finish(hash);
}

static bool write_module(const hf_os_module *module)
{
    hf_trace_record record;
    hf_trace_module body = {.common = hf_trace_common_now(),
                            .start = module->start,
                            .end = module->end,
                            .bias = module->bias,
                            .id_bytes = module->id_bytes,
                            .is_tool = module->is_library};
    memcpy(body.id, module->id, module->id_bytes);
    if (!hf_trace_begin(&record, sizeof body + hf_trace_text_bytes(module->path), true))
        return false;
    hf_trace_put_body(&record, &body, sizeof body);
    hf_trace_put_text(&record, module->path);
    hf_trace_end(&record, HF_TRACE_MODULE);
    return true;
}

static void write_unload(const told *module)
{
    hf_trace_record record;
    hf_trace_unload body = {
        .common = hf_trace_common_now(), .start = module->start, .end = module->end};
    if (!hf_trace_begin(&record, sizeof body, true))
        return;
    hf_trace_put_body(&record, &body, sizeof body);
    hf_trace_end(&record, HF_TRACE_UNLOAD);
}

/* Reads only. */
static bool is_recorded(uint64_t identity)
{
    told entry;
    for (uint32_t i = 0; i < entries(); i++)
        if (GET(table[i].identity) == identity && read_entry(&table[i], &entry) &&
            entry.identity == identity)
            return true;
    return false;
}

static bool covers(const hf_os_module *module, uintptr_t address)
{
    return address >= module->start && address < module->end;
}

bool hf_trace_knows_modules(const uintptr_t *frames, uint32_t count)
{
    hf_os_module module = {.start = 0};
    for (uint32_t i = 0; i < count; i++) {
        uintptr_t address = frames[i] - 1;
        if (covers(&module, address))
            continue;
        if (!hf_os_module_find(address, &module) || module.id_bytes == 0 ||
            !is_recorded(identity_of(&module)))
            return false;
    }
    return true;
}

/* What lay there before is gone. */
static bool is_known(const hf_os_module *module, uint64_t identity)
{
    bool known = false;
    for (uint32_t i = 0; i < entries(); i++) {
        told entry;
        if (!read_entry(&table[i], &entry) || entry.start >= module->end ||
            entry.end <= module->start)
            continue;
        if (entry.identity == identity) {
            known = true;
        } else {
            write_unload(&entry);
            forget(&table[i], &entry);
        }
    }
    return known;
}

void hf_trace_tell_modules(const uintptr_t *frames, uint32_t count)
{
    hf_os_module module = {.start = 0};
    for (uint32_t i = 0; i < count; i++) {
        uintptr_t address = frames[i] - 1;
        if (covers(&module, address) || !hf_os_module_find(address, &module))
            continue;
        uint64_t identity = identity_of(&module);
        if (is_known(&module, identity) || !write_module(&module))
            continue;
        hf_os_code_changed(); /* before it is known: see hf_trace_knows_modules */
        remember(&module, identity);
    }
}

bool hf_trace_tell_unloaded(void)
{
    uint32_t before = hf_trace_unloads();
    for (uint32_t i = 0; i < entries(); i++) {
        hf_os_module now;
        told entry;
        if (read_entry(&table[i], &entry) &&
            !(hf_os_module_find(entry.start, &now) && identity_of(&now) == entry.identity)) {
            write_unload(&entry);
            forget(&table[i], &entry);
        }
    }
    return hf_trace_unloads() != before;
}
