/* The kinds of finding. */
#include "report/kinds.h"

#define NAME_OF(NAME, number, name, meaning, advice)    [number] = (name),
#define MESSAGE_OF(NAME, number, name, meaning, advice) [number] = (meaning),
#define ADVICE_OF(NAME, number, name, meaning, advice)  [number] = (advice),

static const char *const names[] = {HF_REPORT_KINDS(NAME_OF)};
static const char *const messages[] = {HF_REPORT_KINDS(MESSAGE_OF)};
static const char *const advices[] = {HF_REPORT_KINDS(ADVICE_OF)};

HF_STATIC_ASSERT(sizeof names / sizeof names[0] == HF_REPORT_KIND_COUNT, "numbered without gaps");

const char *hf_report_kind_name(hf_report_kind kind)
{
    return hf_kind_is_valid(kind) ? names[kind] : "unknown";
}

const char *hf_kind_message(hf_report_kind kind)
{
    return messages[kind];
}

const char *hf_kind_advice(hf_report_kind kind)
{
    return advices[kind];
}

bool hf_kind_blames_opener(hf_report_kind kind)
{
    return kind == HF_REPORT_LEAK || kind == HF_REPORT_HELD_AT_SHUTDOWN ||
           kind == HF_REPORT_HELD_AT_THREAD_EXIT || kind == HF_REPORT_LOST_AT_EXIT;
}

#define HOLD_NAME(NAME, number, name, text) [number] = (name),
#define HOLD_TEXT(NAME, number, name, text) [number] = (text),

static const char *const hold_names[] = {HF_HOLDS(HOLD_NAME)};
static const char *const hold_texts[] = {HF_HOLDS(HOLD_TEXT)};

const char *hf_hold_name(hf_hold_kind hold)
{
    return hold_names[hold];
}

const char *hf_hold_text(hf_hold_kind hold)
{
    return hold_texts[hold];
}
