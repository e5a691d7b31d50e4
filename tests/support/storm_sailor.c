/* What one thread of a storm does: a random step at a time, each answer checked. */
#include "storm_state.h"

#include <stdio.h>

static unsigned roll(sailor *self, unsigned sides)
{
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return (unsigned)(self->random >> 33) % sides;
}

void storm_surprise(storm *s, const char *what, hf_status status)
{
    if (atomic_fetch_add_explicit(&s->surprises, 1, memory_order_relaxed) == 0)
        snprintf(s->first_surprise, sizeof(s->first_surprise), "%s: %s", what,
                 hf_status_name(status));
}

static bool is_refusal(hf_status status)
{
    return status == HF_E_STALE_HANDLE || status == HF_E_CLOSING;
}

static hf_region *free_region(sailor *self)
{
    for (unsigned i = 0; i < STORM_OWN; i++) {
        if (!hf_region_entered(&self->regions[i]))
            return &self->regions[i];
    }
    return NULL;
}

static void try_enter(sailor *self, unsigned which)
{
    storm *s = self->storm;
    hf_region *region = free_region(self);
    if (region == NULL)
        return;
    hf_status status =
        hf_enter(s->table, s->handles[which], &s->world->types[s->options.kind], region);
    if (status == HF_OK) {
        if (region->value != s->values[which])
            storm_surprise(s, "another value", status);
        fake_use(region->value);
        self->region_count++;
        self->entered++;
    } else if (is_refusal(status)) {
        self->refused++;
    } else {
        storm_surprise(s, "hf_enter", status);
    }
}

static void leave_one(sailor *self)
{
    if (self->region_count == 0)
        return;
    unsigned which = roll(self, STORM_OWN);
    while (!hf_region_entered(&self->regions[which]))
        which = (which + 1) % STORM_OWN;
    fake_use(self->regions[which].value);
    hf_leave(&self->regions[which]);
    self->region_count--;
}

/* Takes a reference and keeps it, or leaves it for whoever comes by. */
static void try_addref(sailor *self, unsigned which)
{
    storm *s = self->storm;
    hf_ref ref;
    hf_status status = hf_addref(s->table, s->handles[which], &ref);
    if (status != HF_OK) {
        if (!is_refusal(status))
            storm_surprise(s, "hf_addref", status);
        return;
    }
    fake_use(ref.value);
    mail *box = &s->mails[roll(self, STORM_MAIL)];
    unsigned empty = 0;
    if (roll(self, 2) == 0 &&
        atomic_compare_exchange_strong_explicit(&box->state, &empty, 1, memory_order_acquire,
                                                memory_order_relaxed)) {
        box->ref = ref;
        /* Release: the reference is written.  Partner: the acquire of the taker. */
        atomic_store_explicit(&box->state, 2, memory_order_release);
    } else if (self->ref_count < STORM_OWN) {
        self->refs[self->ref_count++] = ref;
    } else {
        hf_release(&ref);
    }
}

void storm_release_mail(storm *s, unsigned which)
{
    mail *box = &s->mails[which];
    unsigned full = 2;
    if (!atomic_compare_exchange_strong_explicit(&box->state, &full, 1, memory_order_acquire,
                                                 memory_order_relaxed))
        return;
    fake_use(box->ref.value);
    hf_status status = hf_release(&box->ref);
    if (status != HF_OK)
        storm_surprise(s, "hf_release", status);
    atomic_store_explicit(&box->state, 0, memory_order_release);
}

static void release_one(sailor *self)
{
    if (self->ref_count == 0 || roll(self, 2) == 0) {
        storm_release_mail(self->storm, roll(self, STORM_MAIL));
        return;
    }
    fake_use(self->refs[--self->ref_count].value);
    hf_status status = hf_release(&self->refs[self->ref_count]);
    if (status != HF_OK)
        storm_surprise(self->storm, "hf_release", status);
}

/* After any answer to a close of a handle that refuses from then on, nobody gets in any more. */
static void check_shut(sailor *self, unsigned which)
{
    storm *s = self->storm;
    hf_region region;
    if (s->options.kind == FAKE_UNTIL_RELEASED)
        return;
    hf_status status = hf_enter(s->table, s->handles[which], NULL, &region);
    if (status == HF_OK) {
        storm_surprise(s, "hf_enter after hf_close", status);
        hf_leave(&region);
    }
}

static void try_close(sailor *self, unsigned which)
{
    hf_close_result result;
    hf_status status = hf_close(self->storm->table, self->storm->handles[which], &result);
    if (status != HF_OK && !is_refusal(status))
        storm_surprise(self->storm, "hf_close", status);
    check_shut(self, which);
}

static void try_close_many(sailor *self)
{
    storm *s = self->storm;
    hf_status status = hf_close_many(s->table, s->handles, s->options.handles, NULL);
    if (status != HF_OK && !is_refusal(status))
        storm_surprise(s, "hf_close_many", status);
    check_shut(self, roll(self, s->options.handles));
}

static void try_close_wait(sailor *self, unsigned which, hf_timeout timeout)
{
    storm *s = self->storm;
    hf_status status = hf_close_wait(s->table, s->handles[which], timeout, NULL);
    if (status == HF_OK) {
        fake_value *value = fake_of(s->values[which]);
        if (atomic_load_explicit(&value->life, memory_order_relaxed) != FAKE_GONE)
            storm_surprise(s, "hf_close_wait before the release", status);
    } else if (status == HF_E_TIMED_OUT ? timeout == HF_FOREVER
                                        : status != HF_E_POSSIBLE_DEADLOCK && !is_refusal(status)) {
        storm_surprise(s, "hf_close_wait", status);
    }
}

static void try_detach(sailor *self, unsigned which)
{
    storm *s = self->storm;
    hf_value value;
    hf_status status = hf_detach(s->table, s->handles[which], &value);
    if (status == HF_OK) {
        if (value != s->values[which])
            storm_surprise(s, "hf_detach: another value", status);
        fake_use(value);
        fake_give_back(value);
    } else if (status != HF_E_BUSY && !is_refusal(status)) {
        storm_surprise(s, "hf_detach", status);
    }
}

static void try_child(sailor *self, unsigned which)
{
    storm *s = self->storm;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    if (self->child_count == STORM_OFFSPRING)
        return;
    options.parent = s->handles[which];
    hf_value value = fake_make(s->world);
    hf_status status = hf_open(s->table, &s->world->types[FAKE_PLAIN], value, &options,
                               &self->children[self->child_count]);
    if (status == HF_OK) {
        self->child_count++;
        return;
    }
    fake_give_back(value);
    if (!is_refusal(status))
        storm_surprise(s, "hf_open of a child", status);
}

static void close_child(sailor *self)
{
    if (self->child_count == 0)
        return;
    hf_status status = hf_close(self->storm->table, self->children[--self->child_count], NULL);
    if (status != HF_OK)
        storm_surprise(self->storm, "hf_close of a child", status);
}

static void inspect(sailor *self, unsigned which)
{
    hf_info info = {.size = (uint32_t)sizeof(info)};
    hf_status status = hf_inspect(self->storm->table, self->storm->handles[which], &info);
    if (status != HF_OK)
        storm_surprise(self->storm, "hf_inspect", status);
}

static void step(sailor *self)
{
    unsigned which = roll(self, self->storm->options.handles);
    unsigned action = 1u << roll(self, 9);
    switch (action & self->storm->options.actions) {
    case STORM_REFERENCES:
        roll(self, 2) ? try_addref(self, which) : release_one(self);
        break;
    case STORM_CLOSE:
        try_close(self, which);
        break;
    case STORM_CLOSE_MANY:
        try_close_many(self);
        break;
    case STORM_CLOSE_WAIT:
        try_close_wait(self, which, roll(self, 2) * 20000);
        break;
    case STORM_CLOSE_FOREVER:
        if (self->region_count + self->child_count == 0)
            try_close_wait(self, which, HF_FOREVER);
        break;
    case STORM_DETACH:
        try_detach(self, which);
        break;
    case STORM_CHILDREN:
        roll(self, 2) ? try_child(self, which) : close_child(self);
        break;
    case STORM_INSPECT:
        inspect(self, which);
        break;
    default:
        roll(self, 2) ? try_enter(self, which) : leave_one(self);
        break;
    }
}

void storm_sail_a_round(sailor *self)
{
    unsigned steps = 1 + roll(self, self->storm->options.steps);
    for (unsigned i = 0; i < steps; i++)
        step(self);
    while (self->region_count > 0)
        leave_one(self);
    while (self->ref_count > 0)
        release_one(self);
    while (self->child_count > 0)
        close_child(self);
}
