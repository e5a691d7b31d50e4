#include "cards.h"

#include "findings.h"
#include "harness.h"
#include "world.h"

#include <errno.h>

card cards[CARDS];

const hf_type *card_type(card_kind kind)
{
    static const hf_type *const types[CARD_KINDS] = {
        &hf_type_fd,  &hf_type_socket,  &hf_type_pidfd, &hf_type_stream,
        &hf_type_dir, &hf_type_mapping, &hf_type_dl};
    return types[kind];
}

bool card_is_number(card_kind kind)
{
    return kind <= CARD_PIDFD;
}

bool card_is_live(const card *which)
{
    return which->life == CARD_OPEN || which->life == CARD_CLOSING;
}

unsigned cards_count_live(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < CARDS; i++)
        count += card_is_live(&cards[i]);
    return count;
}

card *cards_find_live(unsigned from)
{
    for (unsigned i = 0; i < CARDS; i++)
        if (card_is_live(&cards[(from + i) % CARDS]))
            return &cards[(from + i) % CARDS];
    return NULL;
}

card *cards_find_gone(unsigned from)
{
    for (unsigned i = 0; i < CARDS; i++)
        if (cards[(from + i) % CARDS].life == CARD_GONE)
            return &cards[(from + i) % CARDS];
    return NULL;
}

card *cards_new(unsigned from)
{
    for (unsigned i = 0; i < CARDS; i++)
        if (cards[(from + i) % CARDS].life == CARD_UNUSED)
            return &cards[(from + i) % CARDS];
    return cards_find_gone(from);
}

const card *cards_same_value(const card *as, bool owned)
{
    const hf_namespace *space = card_type(as->kind)->name_space;
    for (const card *other = cards; other < cards + CARDS; other++)
        if (other != as && card_is_live(other) && other->tracked && other->owned == owned &&
            other->value == as->value && card_type(other->kind)->name_space == space)
            return other;
    return NULL;
}

void card_opened(card *which)
{
    if (card_is_number(which->kind))
        which->identified = world_identity(hf_value_fd(which->value), &which->who);
    if (which->parent != NULL) {
        which->parent->holders++;
        which->parent->children++;
    }
    if (which->owned && cards_same_value(which, true) != NULL)
        findings_expect(HF_REPORT_DUPLICATE_OWNER, 1);
}

/* ---- releasing ------------------------------------------------------------------------------ */

static bool is_genuine(const card *which)
{
    hf_identity now;
    if (!which->identified)
        return true;
    return world_identity(hf_value_fd(which->value), &now) && now.device == which->who.device &&
           now.object == which->who.object && now.kind == which->who.kind;
}

static hf_outcome release_number(const card *which, int32_t *error)
{
    *error = world_expect_close(hf_value_fd(which->value));
    if (*error == 0)
        return HF_OUTCOME_RELEASED;
    return *error == EBADF ? HF_OUTCOME_NOT_RELEASED : HF_OUTCOME_RELEASED_WITH_ERROR;
}

static hf_outcome release_native(card *which, int32_t *error)
{
    switch (which->kind) {
    case CARD_STREAM:
        return things_release_stream(&which->native, error);
    case CARD_DIRECTORY:
        return things_release_directory(&which->native, error);
    case CARD_MAPPING:
        return things_release_mapping(&which->native, error);
    case CARD_OBJECT:
        return things_release_object();
    default:
        return release_number(which, error);
    }
}

static hf_close_result release_value(card *which)
{
    hf_close_result result = {.outcome = HF_OUTCOME_NOT_OWNED};
    if (!which->owned)
        return result;
    if (!is_genuine(which)) {
        findings_expect(HF_REPORT_FOREIGN_CLOSE, 1);
        result.outcome = HF_OUTCOME_NOT_RELEASED;
        return result;
    }
    if (cards_same_value(which, false) != NULL)
        findings_expect(HF_REPORT_BORROW_OUTLIVES_OWNER, 1);
    result.outcome = release_native(which, &result.error);
    if (result.outcome == HF_OUTCOME_NOT_RELEASED)
        findings_expect(HF_REPORT_RELEASE_FAILED, 1);
    return result;
}

static void leave_parent(card *which)
{
    card *parent = which->parent;
    which->parent = NULL;
    if (parent == NULL)
        return;
    parent->children--;
    card_dropped(parent);
}

hf_close_result card_released(card *which)
{
    hf_close_result result = release_value(which);
    which->life = CARD_GONE;
    leave_parent(which);
    return result;
}

void card_detached(card *which)
{
    which->life = CARD_GONE;
    leave_parent(which);
}

void card_dropped(card *which)
{
    which->holders--;
    if (which->life == CARD_CLOSING && which->holders == 0)
        (void)card_released(which);
}
