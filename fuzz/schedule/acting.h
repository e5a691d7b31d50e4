/* What all operations have in common.  Each knows which answers are possible whatever the others do
 * at the same time. */
#ifndef FUZZ_ACTING_H
#define FUZZ_ACTING_H

#include "ledger.h"
#include "operations.h"

#define ANSWER(status) (UINT32_C(1) << (status))

enum {
    REFUSED = ANSWER(HF_E_STALE_HANDLE) | ANSWER(HF_E_CLOSING) | ANSWER(HF_E_NOT_COMMITTED),
    CLOSED = ANSWER(HF_OK) | ANSWER(HF_E_STALE_HANDLE) | ANSWER(HF_E_CLOSING) | ANSWER(HF_E_BUSY),
    WAITED = ANSWER(HF_E_TIMED_OUT) | ANSWER(HF_E_POSSIBLE_DEADLOCK)
};

static inline void expect(hf_status status, uint32_t answers)
{
    if ((ANSWER(status) & answers) == 0)
        schedule_fail("an answer that cannot be: %s", hf_status_name(status));
}

static inline actor *self(void)
{
    unsigned thread = schedule_current();
    return &the_stage.actors[thread < SCHEDULE_THREADS ? thread : 0];
}

static inline hf_handle handle_of(const scene_operation *what)
{
    return the_stage.handles[what->handle % SCENE_HANDLES];
}

/* A second handle that an operation has to do with. */
static inline hf_handle *other_of(const scene_operation *what)
{
    return &the_stage.handles[what->argument % SCENE_HANDLES];
}

static inline const hf_type *type_of_scene(void)
{
    return &the_stage.world->types[the_stage.scene->kind];
}

/* How many counts there may be; the test build's limit is 31. */
static inline uint32_t too_many(void)
{
    return ledger_size() > 16 ? ANSWER(HF_E_TOO_MANY_REFERENCES) : 0;
}

/* An answer to one who wants to hold a handle of which `closed` was known before he asked. */
static inline void expect_admission(hf_status status, bool closed)
{
    expect(status, ANSWER(HF_OK) | REFUSED | too_many());
    if (status == HF_OK && closed && the_stage.scene->kind != FAKE_UNTIL_RELEASED)
        schedule_fail("a handle resolved after its close had returned");
}

/* Whether a region of the actor's is under this number. */
static inline bool is_open(const actor *who, unsigned number)
{
    return !hf_handle_is_null(who->entered[number]);
}

/* Closes, and expects one of the answers that are possible. */
void act_close(hf_handle handle);

/* The same with waiting; answers what it answered. */
hf_status act_close_wait(hf_handle handle, hf_timeout timeout);

#endif
