/* 0, 1 or 2 was closed, and the kernel gave the number out again: mostly by mistake, and then what
 * is meant for the terminal goes into a file.  Deliberate is: /dev/null or a terminal is put there;
 * the open comes directly after the close of that very number; a forked child prepares for what it
 * will execute. */
#include "standard.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "findings.h"
#include "self.h"

/* Any terminal, /dev/null and its like; or it may not be asked. */
static bool is_harmless(int descriptor)
{
    struct stat status;
    if (run_is_confined())
        return true;
    if (fstat(descriptor, &status) != 0 || !S_ISCHR(status.st_mode))
        return false;
    unsigned kind = major(status.st_rdev);
    return kind == 1 || kind == 4 || kind == 5 || (kind >= 136 && kind <= 143);
}

void run_standard_opened(int descriptor, hf_handle opened, hf_handle before, const char *operation,
                         hf_site site)
{
    if (run_self.last_closed != descriptor && !run_this_process.forked &&
        !hf_handle_is_null(before) && !is_harmless(descriptor))
        run_find_kind(HF_REPORT_STANDARD_DESCRIPTOR, before, opened, "the number now belongs to",
                      operation, site);
}
