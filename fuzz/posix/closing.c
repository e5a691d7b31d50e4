#include "closing.h"

#include "findings.h"
#include "harness.h"
#include "holds.h"
#include "world.h"

#include <errno.h>

/* What hf_close must answer; of a live card everything happens here that the library is to do. */
static hf_status foresee_close(card *c, hf_close_result *result)
{
    *result = (hf_close_result){.outcome = HF_OUTCOME_NONE};
    if (c->life == CARD_GONE) {
        findings_expect_stale(HF_REPORT_DOUBLE_CLOSE);
        return HF_E_STALE_HANDLE;
    }
    if (c->life == CARD_CLOSING) {
        findings_expect(HF_REPORT_DOUBLE_CLOSE, 1);
        return HF_E_CLOSING;
    }
    if (c->holders == 0) {
        *result = card_released(c);
        return HF_OK;
    }
    c->life = CARD_CLOSING;
    *result = (hf_close_result){.outcome = HF_OUTCOME_DEFERRED, .children = c->children};
    return HF_OK;
}

static void compare(hf_status status, const hf_close_result *got, hf_status expected,
                    const hf_close_result *with)
{
    if (status != expected)
        fuzz_fail("a close answers %s instead of %s", hf_status_name(status),
                  hf_status_name(expected));
    if (got->outcome != with->outcome || got->error != with->error)
        fuzz_fail("a close has outcome %d, error %d, instead of %d, %d", (int)got->outcome,
                  (int)got->error, (int)with->outcome, (int)with->error);
    if (got->children != with->children)
        fuzz_fail("a close tells of %u children instead of %u", got->children, with->children);
}

/* Closing a socket that is held wakes who is in the system with it, and never anybody else. */
typedef struct wake {
    int fd; /* -1: none */
    bool is_to_be;
} wake;

static wake foresee_wake(const card *c)
{
    hf_identity now;
    wake w = {.fd = -1};
    if (c->kind != CARD_SOCKET || c->life != CARD_OPEN || c->holders == 0 ||
        !world_is_open(hf_value_fd(c->value)))
        return w;
    w.fd = hf_value_fd(c->value);
    bool genuine = !c->identified || (world_identity(w.fd, &now) && now.device == c->who.device &&
                                      now.object == c->who.object && now.kind == c->who.kind);
    w.is_to_be = world_is_shut(w.fd) || (genuine && c->peer >= 0);
    if (genuine && c->peer < 0)
        w.fd = -1; /* whatever it is, it may or may not be a socket */
    return w;
}

static void check_wake(const wake *w)
{
    if (w->fd >= 0 && world_is_shut(w->fd) != w->is_to_be)
        fuzz_fail("socket %d is %s", w->fd, w->is_to_be ? "not shut down" : "shut down in vain");
}

void close_card(card *c)
{
    hf_close_result with;
    hf_close_result got;
    wake w = foresee_wake(c);
    hf_status expected = foresee_close(c, &with);
    errno = ENOTTY;
    hf_status status = hf_close(c->table, c->handle, &got);
    if (errno != ENOTTY)
        fuzz_fail("hf_close changes errno");
    compare(status, &got, expected, &with);
    check_wake(&w);
}

/* Every second time a handle that may be gone. */
static card *choose(const step *s)
{
    return s->what % 2 == 0 ? cards_find_live(s->card) : cards_find_gone(s->card);
}

void play_close(const step *s)
{
    static const int errors[] = {0, EIO, EINTR, ENOSPC, EDQUOT};
    card *c = s->what % 4 != 1 ? cards_find_live(s->card) : cards_find_gone(s->card);
    if (c == NULL)
        return;
    if (c->life == CARD_OPEN && card_is_number(c->kind))
        world_plant(errors[s->how % 5]);
    close_card(c);
}

/* Two at once; not those of which one keeps the other. */
void play_close_many(const step *s)
{
    card *both[2] = {cards_find_live(s->card), cards_find_live(s->what)};
    hf_handle handles[2];
    hf_close_result with[2];
    hf_close_result got[2];
    if (both[0] == NULL || both[0] == both[1] || both[0]->table != both[1]->table ||
        both[0]->holders + both[1]->holders != 0 || both[0]->life != CARD_OPEN ||
        both[1]->life != CARD_OPEN)
        return;
    for (unsigned i = 0; i < 2; i++) {
        handles[i] = both[i]->handle;
        (void)foresee_close(both[i], &with[i]);
    }
    hf_status status = hf_close_many(both[0]->table, handles, 2, got);
    for (unsigned i = 0; i < 2; i++)
        compare(status, &got[i], HF_OK, &with[i]);
}

/* Without waiting: whoever is held by this thread is refused, whoever is held otherwise is late. */
void play_close_wait(const step *s)
{
    card *c = choose(s);
    hf_close_result with;
    hf_close_result got;
    if (c == NULL)
        return;
    if (c->life == CARD_OPEN && holds_regions(c) > 0) {
        findings_expect(HF_REPORT_POSSIBLE_DEADLOCK, 1);
        if (hf_close_wait(c->table, c->handle, 0, &got) != HF_E_POSSIBLE_DEADLOCK)
            fuzz_fail("a thread waits for itself");
        return;
    }
    hf_status expected = foresee_close(c, &with);
    if (expected == HF_OK && with.outcome == HF_OUTCOME_DEFERRED) {
        findings_expect(HF_REPORT_RUNDOWN_TIMEOUT, 1);
        expected = HF_E_TIMED_OUT;
    }
    hf_status status = hf_close_wait(c->table, c->handle, 0, &got);
    compare(status, &got, expected, &with);
}

/* ---- detaching ------------------------------------------------------------------------------ */

/* The caller is the owner then, and gives it back. */
static void release_detached(card *c)
{
    int32_t error = 0;
    if (c->kind == CARD_MAPPING) {
        hf_mapping_free(hf_value_mapping(c->value)); /* things_end unmaps */
    } else if (c->kind == CARD_STREAM) {
        (void)things_release_stream(&c->native, &error);
        (void)fclose(hf_value_stream(c->value));
    } else if (c->kind == CARD_DIRECTORY) {
        (void)things_release_directory(&c->native, &error);
        (void)closedir(hf_value_dir(c->value));
    } else if (c->kind == CARD_OBJECT) {
        (void)things_release_object();
        (void)hf_type_dl.release(c->value, NULL, &error);
    }
}

void play_detach(const step *s)
{
    card *c = choose(s);
    hf_value value = 0;
    hf_status expected = HF_OK;
    if (c == NULL)
        return;
    if (c->life == CARD_GONE) {
        findings_expect_stale(HF_REPORT_STALE_USE);
        expected = HF_E_STALE_HANDLE;
    } else if (c->life == CARD_CLOSING) {
        expected = HF_E_CLOSING;
    } else if (c->holders > 0) {
        expected = HF_E_BUSY;
    }
    if (expected == HF_OK)
        card_detached(c);
    hf_status status = hf_detach(c->table, c->handle, &value);
    if (status != expected || (status == HF_OK && value != c->value))
        fuzz_fail("hf_detach answers %s instead of %s", hf_status_name(status),
                  hf_status_name(expected));
    if (status == HF_OK && c->owned)
        release_detached(c);
}

/* ---- behind the table's back ---------------------------------------------------------------- */

/* Of a stream or directory: at once, for somebody else might be given the number. */
void play_close_beneath(const step *s)
{
    card *c = cards_find_live(s->card);
    if (c == NULL)
        return;
    if (card_is_number(c->kind)) {
        if (world_is_open(hf_value_fd(c->value)) && !world_is_beneath(hf_value_fd(c->value)))
            world_close(hf_value_fd(c->value));
    } else if (c->owned && c->holders == 0 && c->native.fd >= 0 &&
               (c->kind == CARD_DIRECTORY || c->native.plan == STREAM_FILE)) {
        things_close_beneath(&c->native);
        close_card(c);
    }
}
