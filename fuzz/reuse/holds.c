/* Ending holds, rightly and wrongly. */
#include "holds.h"

#include "calls.h"
#include "harness.h"

static hold holds[HOLDS];

typedef enum manner { PLAINLY, TWICE, BY_COPY, ELSEWHERE, NEVER_BEGUN, MANNERS } manner;

void holds_start(void)
{
    for (unsigned i = 0; i < HOLDS; i++)
        holds[i].used = false;
}

hold *holds_free(void)
{
    for (unsigned i = 0; i < HOLDS; i++)
        if (!holds[i].used)
            return &holds[i];
    return NULL;
}

void holds_begin(hold *h, card *c, bool is_ref, unsigned thread)
{
    h->used = true;
    h->is_ref = is_ref;
    h->c = c;
    h->thread = thread;
    c->holds++;
    if ((is_ref ? h->ref.value : h->region.value) != c->value)
        fuzz_fail("a hold has another value than its handle");
}

/* ---- regions -------------------------------------------------------------------------------- */

static void leave(hf_region *region, moment at)
{
    call c = {.region = region};
    site_call(at, call_leave, &c);
}

static finding *expect_of_region(const hold *h, hf_report_kind kind, moment at)
{
    finding *report = findings_expect(kind, "hf_leave", at);
    report->table = cards_sheet(h->c)->name;
    report->subject = cards_party(h->c);
    return report;
}

static void leave_region(hold *h, moment at, manner how)
{
    hf_region copy = h->region;
    if (how == ELSEWHERE) {
        at.thread = 1 - h->thread;
        (void)expect_of_region(h, HF_REPORT_WRONG_THREAD, at);
        leave(&h->region, at);
        return;
    }
    at.thread = h->thread;
    h->used = false;
    cards_let_go(h->c, at, false);
    leave(&h->region, at);
    if (how == TWICE) {
        (void)expect_of_region(h, HF_REPORT_OVER_RELEASE, at);
        leave(&h->region, at);
    } else if (how == BY_COPY) {
        (void)expect_of_region(h, HF_REPORT_COPIED_REGION, at);
        leave(&copy, at);
    }
}

/* ---- references ----------------------------------------------------------------------------- */

static void release(hf_ref *ref, moment at, hf_status expected)
{
    call c = {.ref = ref};
    site_call(at, call_release, &c);
    if (c.status != expected)
        fuzz_fail("hf_release answers %s", hf_status_name(c.status));
}

/* Nothing is known of it but what is in the reference. */
static void expect_over_release(const hold *h, const hf_ref *ref, moment at)
{
    finding *report = findings_expect(HF_REPORT_OVER_RELEASE, "hf_release", at);
    report->table = cards_sheet(h->c)->name;
    report->subject.handle = (hf_handle){ref->handle_};
    report->subject.value = ref->value;
}

/* A copy that is released while others hold the handle takes a count of theirs, unnoticed. */
static void release_ref(hold *h, moment at, manner how)
{
    hf_ref copy = h->ref;
    h->used = false;
    cards_let_go(h->c, at, false);
    release(&h->ref, at, HF_OK);
    if (how == TWICE) {
        expect_over_release(h, &h->ref, at);
        release(&h->ref, at, HF_E_OVER_RELEASE);
    } else if (how == BY_COPY && h->c->holds == 0) {
        expect_over_release(h, &copy, at);
        release(&copy, at, HF_E_OVER_RELEASE);
    }
}

static void leave_nothing(bool is_ref, moment at)
{
    hf_region region = HF_REGION_INIT;
    hf_ref ref = HF_REF_INIT;
    (void)findings_expect(HF_REPORT_OVER_RELEASE, is_ref ? "hf_release" : "hf_leave", at);
    if (is_ref)
        release(&ref, at, HF_E_OVER_RELEASE);
    else
        leave(&region, at);
}

void holds_leave(uint8_t choice, moment at, uint8_t how)
{
    static const manner manners[] = {PLAINLY, PLAINLY, TWICE, BY_COPY, ELSEWHERE, NEVER_BEGUN};
    manner wanted = manners[how % (sizeof(manners) / sizeof(manners[0]))];
    hold *h = &holds[choice % HOLDS];
    if (wanted == NEVER_BEGUN)
        leave_nothing(choice % 2 == 0, at);
    else if (h->used && h->is_ref)
        release_ref(h, at, wanted);
    else if (h->used)
        leave_region(h, at, wanted);
}
