/* The lives of streams and directories.
 *
 * An owner remembers which life of its number it owns.  When it closes, the number may be in the
 * midst of that life, as it should be; or that life is over, because somebody closed the number
 * itself; and then the number may have begun another life, which the owner would end: theft. */
#include "owners.h"

#include <errno.h>
#include <string.h>

#include "core/kept.h"
#include "core/region.h"
#include "findings.h"
#include "numbers.h"
#include "pointers.h"
#include "quarantine.h"
#include "self.h"
#include "site.h"

/* ---- opening -------------------------------------------------------------------------------- */

/* Of a pointer that is open again, a live handle was closed unseen. */
static void end_unseen(hf_handle last)
{
    hf_value value;
    if (!hf_handle_is_null(last) && hf_is_live(run_this_process.table, last) &&
        hf_detach(run_this_process.table, last, &value) != HF_OK)
        (void)hf_close(run_this_process.table, last, NULL); /* somebody looks at it just now */
}

static const char *copy_text(char *text, const char *what)
{
    size_t length = strnlen(what, RUN_WHAT_BYTES - 1);
    memmove(text, what, length);
    text[length] = 0;
    return text;
}

static void own(run_pointer *cell, int descriptor)
{
    __atomic_store_n(&cell->descriptor, descriptor, __ATOMIC_RELAXED);
    __atomic_store_n(&cell->descriptor_life, run_handle_of(descriptor).bits, __ATOMIC_RELAXED);
    __atomic_store_n(&cell->told, false, __ATOMIC_RELAXED);
}

static void begin(const void *pointer, const hf_type *type, int descriptor, const char *what,
                  const char *operation, hf_site site)
{
    hf_handle last;
    run_pointer *cell = run_pointer_take(pointer, &last);
    if (cell == NULL)
        return;
    end_unseen(last);
    hf_handle handle = {cell->kept};
    cell->life ^= 1;
    const char *text =
        copy_text(cell->what[cell->life], what != NULL ? what : run_what_of(descriptor));
    if (hf_open_again(run_this_process.table, type, (hf_value)pointer, text, &handle, site,
                      operation) != HF_OK) {
        run_pointer_publish(cell, HF_NULL_HANDLE);
        return;
    }
    cell->kept = handle.bits;
    own(cell, descriptor);
    __atomic_store_n(&cell->type, type, __ATOMIC_RELAXED);
    __atomic_store_n(&cell->lists_descriptors, false, __ATOMIC_RELAXED);
    run_pointer_publish(cell, handle);
    if (descriptor >= 0)
        run_set_stream(descriptor, handle);
}

static void begin_inside(const void *pointer, const hf_type *type, int descriptor, const char *what,
                         const char *operation, hf_site site)
{
    int saved = errno;
    run_self.inside++;
    begin(pointer, type, descriptor, what, operation, site);
    run_self.inside--;
    errno = saved;
}

void run_owner_opened(const void *pointer, const hf_type *type, int descriptor,
                      const char *operation, const char *what)
{
    begin_inside(pointer, type, descriptor, what, operation, RUN_CALLER_SITE());
}

void run_owner_adopted(const void *pointer, const hf_type *type, int descriptor, const char *what)
{
    begin_inside(pointer, type, descriptor, what, "", NULL);
}

/* ---- what became of the descriptor ---------------------------------------------------------- */

static void find_foreign(const run_pointer_view *owner, const char *operation)
{
    if (!owner->told)
        run_find_foreign(owner->descriptor_life, owner->handle, operation, RUN_CALLER_SITE());
}

/* Somebody closed the number, and it is free, or holds a tombstone. */
static void descriptor_is_gone(run_owner_end *end, const run_pointer_view *owner,
                               const char *operation)
{
    find_foreign(owner, operation);
    end->was_tombstone = run_quarantine_take(owner->descriptor);
}

/* Somebody closed the number, and now it is another's, whom the C library is about to rob. */
static void descriptor_is_anothers(const run_pointer_view *owner, const char *operation)
{
    run_find_stale(HF_REPORT_HANDLE_REUSE, owner->descriptor_life, run_handle_of(owner->descriptor),
                   operation, RUN_CALLER_SITE());
    (void)run_ends(owner->descriptor, operation);
}

/* To be called before the C library closes the descriptor. */
static void descriptor_ends(run_owner_end *end, const run_pointer_view *owner,
                            const char *operation)
{
    run_number_state state = run_state_of(owner->descriptor);
    bool is_same = hf_handle_equal(run_handle_of(owner->descriptor), owner->descriptor_life);
    end->descriptor = owner->descriptor;
    /* Null: it was unknown when it was taken over. */
    bool is_its_own = is_same || hf_handle_is_null(owner->descriptor_life);
    if (state == RUN_UNKNOWN || (state == RUN_LIVE && is_its_own))
        (void)run_ends(owner->descriptor, operation);
    else if (state == RUN_LIVE)
        descriptor_is_anothers(owner, operation);
    else
        descriptor_is_gone(end, owner, operation);
}

/* ---- closing -------------------------------------------------------------------------------- */

/* Of the owner itself.  What was closed before is reported by the table. */
static bool end_owner(hf_handle owner, const char *operation)
{
    hf_status status =
        hf_close_keeping(run_this_process.table, owner, RUN_CALLER_SITE(), operation);
    if (status == HF_OK || status == HF_E_EXITING)
        return true;
    errno = EBADF;
    return false;
}

bool run_owner_ends(run_owner_end *end, const void *pointer, const hf_type *type,
                    const char *operation)
{
    run_pointer_view owner;
    *end = (run_owner_end){.descriptor = -1};
    if (!run_pointer_look_up(pointer, &owner) || owner.type != type)
        return true;
    bool was_live = hf_is_live(run_this_process.table, owner.handle);
    if (!end_owner(owner.handle, operation))
        return false;
    if (was_live && owner.descriptor >= 0)
        descriptor_ends(end, &owner, operation);
    return true;
}

int run_owner_ended(const run_owner_end *end, int result)
{
    if (end->descriptor >= 0)
        run_quarantine_put_if_free(end->descriptor);
    if (!end->was_tombstone)
        return result;
    errno = EBADF; /* the system would have said so */
    return -1;
}

bool run_owner_is_open(const void *pointer)
{
    run_pointer_view owner;
    return run_pointer_look_up(pointer, &owner) && hf_is_live(run_this_process.table, owner.handle);
}

bool run_owner_is_closed(const void *pointer)
{
    run_pointer_view owner;
    return run_pointer_look_up(pointer, &owner) &&
           !hf_is_live(run_this_process.table, owner.handle);
}

/* ---- freopen -------------------------------------------------------------------------------- */

bool run_owner_reopens(run_owner_end *end, const void *pointer, const char *operation)
{
    run_pointer_view owner;
    *end = (run_owner_end){.descriptor = -1};
    if (!run_pointer_look_up(pointer, &owner) || !hf_is_live(run_this_process.table, owner.handle))
        return false;
    if (owner.descriptor >= 0)
        descriptor_ends(end, &owner, operation);
    return true;
}

void run_owner_reopened(const run_owner_end *end, const void *pointer, int descriptor)
{
    run_pointer_view owner;
    if (end->descriptor >= 0 && end->descriptor != descriptor)
        run_quarantine_put_if_free(end->descriptor);
    if (!run_pointer_look_up(pointer, &owner))
        return;
    own(owner.cell, descriptor);
    copy_text(owner.cell->what[owner.cell->life], run_what_of(descriptor));
    run_set_stream(descriptor, owner.handle);
}

void run_owner_not_reopened(const run_owner_end *end, const void *pointer, const char *operation)
{
    run_pointer_view owner;
    int saved = errno;
    if (end->descriptor >= 0)
        run_quarantine_put_if_free(end->descriptor);
    if (run_pointer_look_up(pointer, &owner))
        (void)end_owner(owner.handle, operation);
    errno = saved;
}

void run_owner_forget(const void *pointer)
{
    run_pointer_view owner;
    int saved = errno;
    run_self.inside++;
    if (run_pointer_look_up(pointer, &owner)) {
        end_unseen(owner.handle);
        run_pointer_forget(&owner);
    }
    run_self.inside--;
    errno = saved;
}

/* ---- raw closes ----------------------------------------------------------------------------- */

void run_owner_was_told(hf_handle owner)
{
    hf_region region;
    hf_refusal refusal = {.operation = "close", .site = RUN_CALLER_SITE(), .quiet = true};
    run_pointer_view view;
    if (hf_enter_at(run_this_process.table, owner, &region, &refusal) != HF_OK)
        return;
    if (run_pointer_look_up((const void *)region.value, &view))
        __atomic_store_n(&view.cell->told, true, __ATOMIC_RELAXED);
    hf_leave(&region);
}
