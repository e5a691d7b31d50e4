/* Farewells. */
#include "core/farewell.h"

#include "core/exit.h"
#include "core/group.h"

void hf_farewell_read(const hf_subject *subject, hf_farewell *out)
{
    *out = (hf_farewell){.handle = subject->handle};
    if (hf_raw_has_cold(subject->raw)) {
        out->parent = hf_cold_parent(subject->table, subject->raw);
        out->group = hf_cold_group(subject->table, hf_raw_index(subject->raw));
    }
    if ((hf_state_load(subject->slot) & HF_THEN) != 0)
        out->then = hf_cold_then(subject->table, subject->raw, &out->context);
}

static void call(const hf_farewell *farewell, const hf_close_result *result)
{
    int error = hf_os_error();
    hf_inside_begin(farewell->handle.bits);
    farewell->then(farewell->context, result);
    hf_inside_end(farewell->handle.bits);
    hf_os_set_error(error);
}

void hf_farewell_bid(const hf_farewell *farewell, const hf_close_result *result)
{
    hf_stay stay;
    hf_stay_leave(&stay, farewell->group, farewell->handle);
    if (farewell->then != NULL && !hf_exiting())
        call(farewell, result);
    hf_stay_end(&stay);
}
