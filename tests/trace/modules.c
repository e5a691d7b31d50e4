/* What code lies where, also after it was unloaded. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "code.h"
#include "report/trace_modules.h"
#include "trace_scene.h"

enum { CAPACITY = 4 << 20 };

static uintptr_t address_in_module(void *module)
{
    uintptr_t address = (uintptr_t)dlsym(module, "module_callback");
    cr_assert_neq(address, 0);
    return address + 1;
}

typedef struct told {
    hf_code *code;
    unsigned modules; /* of the test's module */
    unsigned unloads;
    unsigned stacks;
} told;

static void feed(const hf_reader_record *record, void *context)
{
    told *to = context;
    cr_assert(hf_code_feed(to->code, record));
    to->modules +=
        record->kind == HF_TRACE_MODULE && strstr(record->texts[0], "unloads_itself") != NULL;
    to->unloads += record->kind == HF_TRACE_UNLOAD;
    to->stacks += record->kind == HF_TRACE_STACK;
}

static told read_code(void)
{
    told found = {.code = hf_code_create()};
    cr_assert_not_null(found.code);
    (void)scene_read(scene_path(), feed, &found);
    return found;
}

Test(trace_modules, told_once_and_found_by_address)
{
    void *module = dlopen(TEST_MODULE_UNLOADS_ITSELF, RTLD_LAZY);
    cr_assert_not_null(module);
    uintptr_t address = address_in_module(module);
    scene_trace(scene_path(), CAPACITY);
    hf_trace_tell_modules(&address, 1);
    hf_trace_tell_modules(&address, 1);
    hf_trace_code_changed();
    told found = read_code();
    cr_assert_eq(found.modules, 1);
    cr_assert_eq(found.unloads, 0);
    hf_code_place place = hf_code_find(found.code, (uint32_t)getpid(), address);
    cr_assert_not_null(place.file);
    cr_assert(place.offset < address && place.offset > 0 && place.address == address);
    cr_assert_not(place.file->is_tool);
    cr_assert_null(hf_code_find(found.code, (uint32_t)getpid(), 16).file);
    cr_assert_null(hf_code_find(found.code, 1, address).file);
    hf_code_destroy(found.code);
}

/* Stacks are told anew, for their addresses may mean something else now; what was there is still
 * known. */
Test(trace_modules, unloaded_and_loaded_again)
{
    scene_trace(scene_path(), CAPACITY);
    uintptr_t address = 0;
    for (unsigned i = 0; i < 2; i++) {
        void *module = dlopen(TEST_MODULE_UNLOADS_ITSELF, RTLD_LAZY);
        cr_assert_not_null(module);
        address = address_in_module(module);
        hf_trace_tell_modules(&address, 1);
        scene_open(1, 1, "");
        (void)dlclose(module);
        hf_trace_code_changed();
    }
    told found = read_code();
    cr_assert_eq(found.modules, 2);
    cr_assert_eq(found.unloads, 2);
    cr_assert_eq(found.stacks, 2, "the same stack, before and after");
    cr_assert_not_null(hf_code_find(found.code, (uint32_t)getpid(), address).file);
    hf_code_destroy(found.code);
}

/* By a path that leads nowhere any more. */
Test(trace_modules, a_lost_folder_leaves_errno_alone)
{
    char folder[] = "/tmp/lost.XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    scene_trace(scene_path(), CAPACITY);
    cr_assert_eq(chdir(folder), 0);
    cr_assert_eq(symlink(TEST_MODULE_UNLOADS_ITSELF, "module.so"), 0);
    void *module = dlopen("./module.so", RTLD_LAZY);
    cr_assert_not_null(module);
    cr_assert(unlink("module.so") == 0 && rmdir(folder) == 0);
    uintptr_t address = address_in_module(module);
    errno = ENOTTY;
    hf_trace_tell_modules(&address, 1);
    cr_expect_eq(errno, ENOTTY);
}
