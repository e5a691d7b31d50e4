#include "opening.h"

#include "findings.h"
#include "harness.h"
#include "platform/platform.h"
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What keeps the tests' narrow counts from their limit. */
enum { MOST_HOLDERS = 24, ALLOCATIONS = 8 };

/* So many handles of one value, and of its neighbours, are tracked at least. */
enum { NEIGHBOURS = 16 };

enum { BORROWS = 1, HAS_PARENT = 2, HAS_LABEL = 4, RESERVES = 8 };

static hf_namespace *const spaces[] = {&hf_namespace_fd, &hf_namespace_stream, &hf_namespace_dir};
enum { SPACES = sizeof(spaces) / sizeof(spaces[0]) };

void opening_start(void)
{
    for (unsigned i = 0; i < SPACES; i++)
        spaces[i]->owners = NULL;
}

void opening_end(void)
{
    for (unsigned i = 0; i < SPACES; i++) {
        /* As src/native/namespace.c reserves it. */
        size_t entries = (size_t)1 << (spaces[i]->values == HF_VALUES_SMALL ? 20 : 16);
        if (spaces[i]->owners != NULL)
            hf_os_unreserve(spaces[i]->owners, (size_t)65536 + 16 * entries);
        spaces[i]->owners = NULL;
    }
}

/* ---- allocations that fail ------------------------------------------------------------------ */

typedef struct attempt {
    uint64_t fails; /* 0: none */
    uint64_t untracked;
    hf_namespace *space;
    bool failed;
} attempt;

static void attempt_begin(attempt *a, const step *s, card_kind kind)
{
    a->fails = s->fails <= ALLOCATIONS ? s->fails : 0;
    a->space = card_type(kind)->name_space;
    a->untracked = a->space != NULL ? a->space->untracked : 0;
    (void)hf_os_fail_allocation(a->fails);
}

static void attempt_end(attempt *a)
{
    uint64_t calls = hf_os_fail_allocation(0);
    a->failed = a->fails != 0 && calls >= a->fails;
}

/* Whether the handle was entered into its namespace: told by the count of those that were not. */
static bool is_tracked(const attempt *a, hf_value value)
{
    if (a->space == NULL || value == UINTPTR_MAX)
        return false;
    if (a->space->untracked == a->untracked)
        return true;
    if (!a->failed && cards_count_live() < NEIGHBOURS)
        fuzz_fail("a handle is not tracked, although there is room");
    return false;
}

/* ---- opening -------------------------------------------------------------------------------- */

static card *choose_parent(const step *s, const hf_table *table)
{
    card *parent = cards_find_live(s->card);
    return (s->how & HAS_PARENT) != 0 && parent != NULL && parent->life == CARD_OPEN &&
                   parent->table == table && parent->holders < MOST_HOLDERS
               ? parent
               : NULL;
}

static hf_status open_mapping(const card *c, const hf_open_options *options, hf_handle *out)
{
    hf_status status = hf_mapping_open(c->table, c->native.address, c->native.length, options, out);
    return status;
}

static hf_status reserve_and_commit(const card *c, hf_handle *out)
{
    hf_handle reserved;
    hf_status status = hf_reserve(c->table, card_type(c->kind), &reserved);
    if (status != HF_OK)
        return status;
    status = hf_commit(c->table, reserved, c->value);
    *out = reserved;
    return status;
}

static hf_status open_card(const card *c, const step *s, hf_handle *out)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.borrowed = !c->owned;
    options.label = (s->how & HAS_LABEL) != 0 ? "labelled" : NULL;
    if (c->parent != NULL)
        options.parent = c->parent->handle;
    if (c->kind == CARD_MAPPING && c->owned)
        return open_mapping(c, &options, out);
    if ((s->how & RESERVES) != 0 && c->owned && c->parent == NULL)
        return reserve_and_commit(c, out);
    return hf_open(c->table, card_type(c->kind), c->value, &options, out);
}

/* The value that a mapping's handle has is the library's. */
static void learn_value(card *c)
{
    hf_region region;
    if (hf_enter(c->table, c->handle, NULL, &region) != HF_OK)
        fuzz_fail("a handle that was opened cannot be entered");
    c->value = region.value;
    hf_leave(&region);
}

/* Opens a card whose value is known.  False: no memory, nothing has changed. */
static bool bring(card *c, const step *s)
{
    attempt a;
    attempt_begin(&a, s, c->kind);
    errno = ENOTTY;
    hf_status status = open_card(c, s, &c->handle);
    int error = errno;
    attempt_end(&a);
    if (status == HF_E_NO_MEMORY && a.failed)
        return false;
    if (status != HF_OK || error != ENOTTY)
        fuzz_fail("hf_open answers %s, errno %d", hf_status_name(status), error);
    if (c->kind == CARD_MAPPING && c->owned)
        learn_value(c);
    c->life = CARD_OPEN;
    c->tracked = is_tracked(&a, c->value);
    card_opened(c);
    return true;
}

static void make_number(card *c, const step *s)
{
    static const world_what any[] = {WORLD_MEMORY, WORLD_PIPE, WORLD_DEVICE, WORLD_EVENT};
    world_what what = c->kind == CARD_SOCKET  ? WORLD_SOCKET
                      : c->kind == CARD_PIDFD ? WORLD_PROCESS
                                              : any[s->what / CARD_KINDS % 4];
    c->value = hf_fd_value(world_open(what, s->how / 16U, &c->peer));
}

/* False: the harness has no more of them. */
static bool make_value(card *c, const step *s)
{
    switch (c->kind) {
    case CARD_STREAM:
        c->value = things_open_stream(s->how / 16U, &c->native);
        return c->value != 0;
    case CARD_DIRECTORY:
        c->value = things_open_directory(&c->native);
        return true;
    case CARD_MAPPING:
        things_map(s->how / 16U, &c->native);
        return true;
    case CARD_OBJECT:
        c->value = things_open_object();
        return true;
    default:
        make_number(c, s);
        return true;
    }
}

/* Of a value that found no handle the caller is the owner still. */
static void give_back(card *c)
{
    int32_t error;
    if (c->kind == CARD_STREAM) {
        (void)things_release_stream(&c->native, &error);
        (void)fclose(hf_value_stream(c->value));
    } else if (c->kind == CARD_DIRECTORY) {
        (void)things_release_directory(&c->native, &error);
        (void)closedir(hf_value_dir(c->value));
    } else if (c->kind == CARD_OBJECT) {
        (void)things_release_object();
        (void)card_type(c->kind)->release(c->value, NULL, &error);
    }
}

static card fresh(hf_table *table, card_kind kind)
{
    return (card){.table = table, .kind = kind, .owned = true, .peer = -1};
}

void play_open(const step *s, hf_table *table)
{
    card *place = cards_new(s->card);
    if (place == NULL)
        return;
    card c = fresh(table, (card_kind)(s->what % CARD_KINDS));
    c.parent = choose_parent(s, table);
    if (c.parent == place)
        c.parent = NULL;
    if (!make_value(&c, s))
        return;
    *place = c;
    if (!bring(place, s)) {
        place->life = CARD_UNUSED;
        give_back(place);
    }
}

/* ---- a value that another handle has -------------------------------------------------------- */

static void detach_again(card *c)
{
    hf_value value = 0;
    if (hf_detach(c->table, c->handle, &value) != HF_OK || value != c->value)
        fuzz_fail("a second owner cannot be detached");
    card_detached(c);
}

/* Pointers have no identity: of two owners of one only one may release it.  Nor has a number that
 * is closed: whoever gets it later would lose it; and what is beneath a stream is the stream's. */
static bool may_own(card_kind kind, hf_value value)
{
    return !card_is_number(kind) ||
           (world_is_open(hf_value_fd(value)) && !world_is_beneath(hf_value_fd(value)));
}

void play_open_again(const step *s, hf_table *table)
{
    const card *first = cards_find_live(s->card);
    card *place = cards_new(s->what);
    if (first == NULL || place == NULL || first->kind == CARD_MAPPING)
        return;
    card c = fresh(table, first->kind);
    c.value = first->value;
    c.owned = (s->how & BORROWS) == 0 && may_own(c.kind, c.value);
    c.native = first->native;
    *place = c;
    if (!bring(place, s))
        place->life = CARD_UNUSED;
    else if (c.owned && (c.kind == CARD_STREAM || c.kind == CARD_DIRECTORY))
        detach_again(place);
}

/* ---- what is no value ----------------------------------------------------------------------- */

static void refuse_mapping(const step *s, hf_table *table)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_handle handle;
    char place;
    options.borrowed = s->how % 4 == 3;
    void *address = s->how % 4 == 0 ? NULL : s->how % 4 == 1 ? MAP_FAILED : &place;
    size_t length = s->how % 4 == 2 ? 0 : 4096;
    if (hf_mapping_open(table, address, length, &options, &handle) != HF_E_INVALID_ARGUMENT)
        fuzz_fail("what is no mapping can be opened");
    hf_mapping_free(NULL);
}

void play_open_garbage(const step *s, hf_table *table)
{
    static const int garbage[] = {-1, -2, INT32_MIN, INT32_MAX, 1 << 20, 250};
    card *place = cards_new(s->card);
    if (s->what % 4 == 0)
        refuse_mapping(s, table);
    else if (place != NULL) {
        *place = fresh(table, (card_kind)(s->what % 4 - 1));
        place->value = hf_fd_value(garbage[s->how / 16U % 6]);
        place->owned = (s->how & BORROWS) == 0;
        if (!bring(place, s))
            place->life = CARD_UNUSED;
    }
}

/* ---- duplicates ----------------------------------------------------------------------------- */

static hf_status duplicate_answer(const card *of)
{
    if (of->life == CARD_CLOSING)
        return HF_E_CLOSING;
    if (!card_is_number(of->kind))
        return HF_E_NOT_SUPPORTED;
    return world_is_open(hf_value_fd(of->value)) ? HF_OK : HF_E_SYSTEM;
}

void play_duplicate(const step *s, hf_table *table)
{
    const card *of = cards_find_live(s->card);
    card *place = cards_new(s->what);
    attempt a;
    if (of == NULL || place == NULL || of->holders >= MOST_HOLDERS ||
        (card_is_number(of->kind) && world_is_beneath(hf_value_fd(of->value))))
        return;
    hf_status expected = duplicate_answer(of);
    card c = fresh(table, of->kind);
    attempt_begin(&a, s, c.kind);
    errno = ENOTTY;
    hf_status status = hf_duplicate(of->table, of->handle, table, &c.handle);
    int error = errno;
    attempt_end(&a);
    if (status == HF_E_NO_MEMORY && a.failed)
        return;
    if (status != expected || error != (status == HF_E_SYSTEM ? EBADF : ENOTTY))
        fuzz_fail("hf_duplicate answers %s instead of %s, errno %d", hf_status_name(status),
                  hf_status_name(expected), error);
    if (status != HF_OK)
        return;
    c.life = CARD_OPEN;
    learn_value(&c);
    c.tracked = is_tracked(&a, c.value);
    if (hf_value_fd(c.value) <= STDERR_FILENO)
        fuzz_fail("a duplicate is where a standard stream is expected");
    world_note(hf_value_fd(c.value));
    *place = c;
    card_opened(place);
}
