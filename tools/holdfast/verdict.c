/* Verdicts. */
#include "verdict.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "tool.h"

void verdict_init(verdict *of, const options *from)
{
    *of = (verdict){.from = from};
    suppressions_init(&of->silent, from->texts[OPTION_SUPPRESSIONS]);
    output_init(&of->out, from);
    junit_init(&of->xml, from->texts[OPTION_JUNIT]);
    dedup_init(&of->seen);
    expect_init(&of->expected, from);
}

void verdict_take(verdict *of, const finding *found)
{
    if (!dedup_is_news(&of->seen, found)) {
        of->repeated++;
        return;
    }
    if (suppressions_match(&of->silent, found)) {
        of->suppressed++;
        junit_add(&of->xml, found, JUNIT_SUPPRESSED);
        return;
    }
    bool expected = expect_take(&of->expected, found);
    of->told++;
    of->unexpected += !expected;
    of->of_kind[found->kind]++;
    output_write(&of->out, found);
    if (!expected && of->from->expect_count > 0)
        output_tell(&of->out, "not expected: this %s", hf_report_kind_name(found->kind));
    junit_add(&of->xml, found, expected ? JUNIT_EXPECTED : JUNIT_FAILED);
}

/* ---- the end -------------------------------------------------------------------------------- */

/* "2 findings (1 double-close, 1 leak) in 3 processes; 1 suppressed" */
static void tell_summary(verdict *of, unsigned processes)
{
    char kinds[400] = "";
    char rest[80] = "";
    size_t length = 0;
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT && length < sizeof kinds; kind++) {
        if (of->of_kind[kind] == 0)
            continue;
        int written =
            snprintf(kinds + length, sizeof kinds - length, "%s%u %s", length > 0 ? ", " : "",
                     of->of_kind[kind], hf_report_kind_name((hf_report_kind)kind));
        length += written > 0 ? (size_t)written : 0;
    }
    length = 0;
    if (of->repeated > 0)
        length = (size_t)snprintf(rest, sizeof rest, "; %u repeated", of->repeated);
    if (of->suppressed > 0)
        (void)snprintf(rest + length, sizeof rest - length, "; %u suppressed", of->suppressed);
    if (of->told > 0 || of->suppressed > 0)
        output_tell(&of->out, "%u finding%s%s%s%s in %u process%s%s", of->told,
                    of->told == 1 ? "" : "s", of->told > 0 ? " (" : "", kinds,
                    of->told > 0 ? ")" : "", processes, processes == 1 ? "" : "es", rest);
}

/* Whether the program ended as it was to: of its own will, or because the first finding, which was
 * expected, ended it. */
static bool halted_by_finding(const verdict *of, int status)
{
    return of->from->numbers[RUN_HALT_ON_ERROR] != 0 && of->told > 0 && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGABRT;
}

static bool meets_expectations(verdict *of)
{
    size_t at = 0;
    bool all = true;
    for (const char *unmet; (unmet = expect_next_unmet(&of->expected, &at)) != NULL; all = false) {
        output_tell(&of->out, "expected, and not found: %.300s", unmet);
        junit_add_unmet(&of->xml, unmet);
    }
    return all && of->unexpected == 0;
}

static void describe_end(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        (void)snprintf(text, size, "killed by signal %d (%s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        (void)snprintf(text, size, "exit status %d", WEXITSTATUS(status));
    else
        text[0] = '\0';
}

/* A status as waitpid has it. */
static int decide(verdict *of, int status)
{
    bool expecting = of->from->expect_count > 0;
    if (expecting && !meets_expectations(of))
        return W_EXITCODE(1, 0);
    if (expecting && halted_by_finding(of, status))
        return W_EXITCODE(0, 0);
    if (!expecting && of->told > 0 && status == 0)
        return W_EXITCODE((int)of->from->numbers[OPTION_EXITCODE], 0);
    return status;
}

int verdict_fini(verdict *of, const char *command, int status, unsigned processes, double seconds)
{
    char ended[80];
    int decided = decide(of, status);
    tell_summary(of, processes);
    describe_end(decided == 0 ? 0 : status, ended, sizeof ended);
    if (!junit_fini(&of->xml, command, ended, seconds) && decided == 0)
        decided = W_EXITCODE(TOOL_FAILED, 0);
    output_fini(&of->out);
    suppressions_fini(&of->silent);
    dedup_fini(&of->seen);
    return decided;
}
