/* See leaks.h.  Not told: 0 to 2 and the streams that own them; what was inherited from the process
 * that forked; the descriptor of a stream or directory, which is told itself; and numbers that have
 * another life by now. */
#include "leaks.h"

#include <string.h>

#include "core/leaks.h"
#include "numbers.h"
#include "pointers.h"
#include "process.h"
#include "self.h"

static bool is_descriptor(const hf_event_party *party)
{
    return party->type_name != NULL && strcmp(party->type_name, run_type_descriptor.name) == 0;
}

static bool is_standard(int descriptor)
{
    return descriptor >= 0 && descriptor <= 2;
}

static bool owns_standard(const hf_event_party *party)
{
    run_pointer_view owner;
    return run_pointer_look_up((const void *)party->value, &owner) &&
           hf_handle_equal(owner.handle, party->handle) && is_standard(owner.descriptor);
}

static bool is_told(const hf_table *table, uint64_t raw)
{
    hf_event_party party = hf_cold_party(table, raw);
    if (party.opened.thread < run_first_thread)
        return false;
    if (!is_descriptor(&party))
        return !owns_standard(&party);
    int descriptor = (int)party.value;
    const run_number *number = run_number_of(descriptor);
    return !is_standard(descriptor) && number != NULL && number->stream == 0 &&
           run_handle_of(descriptor).bits == party.handle.bits;
}

void run_leaks_report(void)
{
    run_self.inside++;
    hf_report_leaks(run_this_process.table, is_told, "exit", HF_SITE());
    run_self.inside--;
}
