/* References to timers: what they hold is closed, and not released. */
#include "steps.h"

#include "observe.h"

static hf_ref references[REFERENCES];
static timer *referenced[REFERENCES]; /* NULL: nobody */

void step_addref(const step *s)
{
    unsigned place = s->span % REFERENCES;
    timer *t = read_timer(s->target);
    if (referenced[place] != NULL)
        return;
    hf_status expected = model_judge(t, false, "hf_addref");
    observe_status(
        "hf_addref",
        hf_addref(hf_timer_queue_table(playing.queue), read_handle(t).handle, &references[place]),
        expected);
    if (expected != HF_OK)
        return;
    referenced[place] = t;
    t->references++;
    world.references++;
}

void step_release(const step *s)
{
    unsigned place = s->span % REFERENCES;
    timer *t = referenced[place];
    if (t == NULL)
        return;
    referenced[place] = NULL;
    world.references--;
    t->references--;
    model_let_go(t);
    observe_status("hf_release", hf_release(&references[place]), HF_OK);
}

void references_end(void)
{
    step each = {.span = 0};
    for (; each.span < REFERENCES; each.span++)
        step_release(&each);
}
