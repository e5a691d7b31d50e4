/* See leaks.h.  Not told: 0 to 2, and the standard streams, wherever they were reopened; what was
 * inherited from the process that forked; the descriptor of a stream or directory, which is told
 * itself; and numbers that have another life by now. */
#include "leaks.h"

#include <stdio.h>
#include <string.h>

#include "core/leaks.h"
#include "numbers.h"
#include "process.h"
#include "self.h"

/* glibc's own objects: a program may assign to stdin, stdout and stderr. */
extern FILE _IO_2_1_stdin_;
extern FILE _IO_2_1_stdout_;
extern FILE _IO_2_1_stderr_;

static bool is_standard_stream(hf_value value)
{
    return value == (hf_value)&_IO_2_1_stdin_ || value == (hf_value)&_IO_2_1_stdout_ ||
           value == (hf_value)&_IO_2_1_stderr_;
}

static bool is_descriptor(const hf_event_party *party)
{
    return party->type_name != NULL && strcmp(party->type_name, run_type_descriptor.name) == 0;
}

static bool is_told(const hf_table *table, uint64_t raw)
{
    hf_event_party party = hf_cold_party(table, raw);
    if (party.opened.thread < run_first_thread)
        return false;
    if (!is_descriptor(&party))
        return !is_standard_stream(party.value);
    int descriptor = (int)party.value;
    const run_number *number = run_number_of(descriptor);
    return descriptor > 2 && number != NULL && number->stream == 0 &&
           run_handle_of(descriptor).bits == party.handle.bits;
}

void run_leaks_report(void)
{
    run_self.inside++;
    hf_report_leaks(run_this_process.table, is_told, "exit", HF_SITE());
    run_self.inside--;
}
