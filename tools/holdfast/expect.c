/* Expectations. */
#include "expect.h"

#include <string.h>

#include "report/rules.h"

void expect_init(expect *of, const options *from)
{
    *of = (expect){.from = from};
}

static bool has_function(const finding_moment *moment, const char *pattern)
{
    for (uint32_t i = 0; i < moment->count; i++) {
        const symbols_place *place = moment->frames[i].place;
        for (uint32_t inlined = 0; inlined < place->count; inlined++) {
            if (hf_rules_glob(pattern, place->frames[inlined].function))
                return true;
        }
    }
    return false;
}

bool expect_take(expect *of, const finding *found)
{
    bool taken = false;
    for (size_t i = 0; i < of->from->expect_count; i++) {
        const char *text = of->from->expect[i];
        const char *colon = strchr(text, ':');
        if (hf_rules_kind_is(text, (size_t)(colon - text), hf_report_kind_name(found->kind)) &&
            has_function(finding_blamed(found), colon + 1))
            taken = of->met[i] = true;
    }
    return taken;
}

const char *expect_next_unmet(const expect *of, size_t *at)
{
    while (*at < of->from->expect_count) {
        size_t i = (*at)++;
        if (!of->met[i])
            return of->from->expect[i];
    }
    return NULL;
}
