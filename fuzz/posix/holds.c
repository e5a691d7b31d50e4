#include "holds.h"

#include "findings.h"
#include "harness.h"

#include <errno.h>
#include <string.h>

enum { HOLDS = 16, MOST_HOLDERS = 24 };

static struct hold {
    card *of; /* NULL: unused */
    bool is_region;
    hf_region region;
    hf_ref reference;
} holds[HOLDS];

void holds_start(void)
{
    memset(holds, 0, sizeof(holds));
}

static struct hold *unused(void)
{
    for (struct hold *each = holds; each < holds + HOLDS; each++)
        if (each->of == NULL)
            return each;
    return NULL;
}

/* Whether a card is another's child, or a child's child. */
static bool descends_from(const card *which, const card *other)
{
    while (which != NULL && which != other)
        which = which->parent;
    return which != NULL;
}

unsigned holds_regions(const card *of)
{
    unsigned count = 0;
    for (const struct hold *each = holds; each < holds + HOLDS; each++)
        count += each->of != NULL && each->is_region && descends_from(each->of, of);
    return count;
}

/* `other`: the caller takes the handle for one of another type. */
static hf_status foresee(const card *c, bool other)
{
    if (c->life == CARD_GONE) {
        findings_expect_stale(HF_REPORT_STALE_USE);
        return HF_E_STALE_HANDLE;
    }
    if (other) {
        findings_expect(HF_REPORT_WRONG_TYPE, 1);
        return HF_E_WRONG_TYPE;
    }
    return c->life == CARD_CLOSING ? HF_E_CLOSING : HF_OK;
}

static void hold(struct hold *h, card *c, hf_status status, hf_status expected, hf_value value)
{
    if (status != expected)
        fuzz_fail("a hold answers %s instead of %s", hf_status_name(status),
                  hf_status_name(expected));
    if (status != HF_OK)
        return;
    if (value != c->value)
        fuzz_fail("a hold has another value");
    h->of = c;
    c->holders++;
}

static card *choose(const step *s)
{
    card *c = s->what % 4 != 3 ? cards_find_live(s->card) : cards_find_gone(s->card);
    return c != NULL && c->holders < MOST_HOLDERS ? c : NULL;
}

void play_enter(const step *s)
{
    card *c = choose(s);
    struct hold *h = unused();
    if (c == NULL || h == NULL)
        return;
    card_kind as = (card_kind)(s->how % (CARD_KINDS + 4));
    const hf_type *type = as < CARD_KINDS ? card_type(as) : card_type(c->kind);
    if (s->how >= 128)
        type = NULL;
    hf_status expected = foresee(c, type != NULL && type != card_type(c->kind));
    h->is_region = true;
    hf_status status = hf_enter(c->table, c->handle, type, &h->region);
    hold(h, c, status, expected, h->region.value);
}

void play_addref(const step *s)
{
    card *c = choose(s);
    struct hold *h = unused();
    if (c == NULL || h == NULL)
        return;
    hf_status expected = foresee(c, false);
    h->is_region = false;
    hf_status status = hf_addref(c->table, c->handle, &h->reference);
    hold(h, c, status, expected, h->reference.value);
}

static void let_go(struct hold *h)
{
    card *of = h->of;
    h->of = NULL;
    card_dropped(of);
    errno = ENOTTY;
    if (h->is_region)
        hf_leave(&h->region);
    else if (hf_release(&h->reference) != HF_OK)
        fuzz_fail("a reference cannot be released");
    if (errno != ENOTTY)
        fuzz_fail("the end of a hold changes errno");
}

void play_let_go(const step *s)
{
    for (unsigned i = 0; i < HOLDS; i++) {
        struct hold *h = &holds[(s->card + i) % HOLDS];
        if (h->of != NULL) {
            let_go(h);
            return;
        }
    }
}

void holds_end(void)
{
    for (struct hold *each = holds; each < holds + HOLDS; each++)
        if (each->of != NULL)
            let_go(each);
}
