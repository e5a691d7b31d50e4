/* Policies: what is to be done with a kind of finding.  They are options like the others, so that
 * reading one is one relaxed load. */
#include "core/event.h"
#include "report/kinds.h"
#include "report/options.h"

bool hf_event_counts(hf_report_kind kind)
{
    return hf_kind_is_valid(kind) && hf_option(HF_OPTION_POLICY(kind)) != HF_POLICY_IGNORE;
}

hf_status hf_set_policy(hf_report_kind kind, hf_policy policy)
{
    if (!hf_kind_is_valid(kind) || (unsigned)policy > HF_POLICY_ABORT)
        return HF_E_INVALID_ARGUMENT;
    hf_option_set(HF_OPTION_POLICY(kind), (uint32_t)policy);
    return HF_OK;
}

hf_policy hf_get_policy(hf_report_kind kind)
{
    return hf_kind_is_valid(kind) ? (hf_policy)hf_option(HF_OPTION_POLICY(kind)) : HF_POLICY_IGNORE;
}
