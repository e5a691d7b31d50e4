/* What completions note, and what must have become of them. */
#include "completion.h"

#include <errno.h>

static unsigned calls_in_all;

void completion_note(void *context, const hf_close_result *result)
{
    completion *c = context;
    c->calls++;
    c->result = *result;
    c->thread = fake_thread();
    c->releases = world->releases;
    c->order = ++calls_in_all;
    if (!hf_handle_is_null(c->of))
        cr_assert_eq(fixture_life(the_table, c->of), HF_LIFE_CLOSED, "its slot is not free");
    errno = EDOM;
    if (c->action != NULL)
        c->action(c->argument);
}

completion completion_of(hf_handle what)
{
    return (completion){.of = what};
}

void must_be_held(completion *c)
{
    MUST_OK(hf_close_then(the_table, c->of, completion_note, c));
    cr_assert_eq(c->calls, 0, "called while the handle is held");
    cr_assert_not(hf_is_live(the_table, c->of));
    cr_assert_eq(fixture_life(the_table, c->of), HF_LIFE_CLOSING);
}

void must_be_over(const completion *c, hf_outcome outcome)
{
    cr_assert_eq(c->calls, 1, "called %u times", c->calls);
    cr_assert_eq(c->result.outcome, outcome);
    if (outcome == HF_OUTCOME_RELEASED)
        cr_assert_eq(c->releases, 1, "called before the release");
}
