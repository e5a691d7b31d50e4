/* The findings of a trace, read and written one by one: the file may be long. */
#include "json.h"
#include "report.h"
#include "text.h"

static bool is_chosen(const hf_trace_finding *body, const report_choice *choice)
{
    return body->state != HF_TRACE_WITHDRAWN &&
           (!choice->has_process || body->common.process == choice->process);
}

static bool write_finding(const hf_reader_record *record, const hf_code *code, symbols *names,
                          bool json, FILE *to)
{
    finding *made = finding_create(record, code, names);
    if (made == NULL)
        return false;
    if (json)
        json_write(to, made);
    else
        text_write(to, made, false);
    finding_destroy(made);
    return true;
}

bool report_findings(hf_reader *reader, symbols *names, const report_choice *choice, bool json,
                     FILE *to)
{
    hf_reader_record record;
    hf_reader_status status;
    hf_code *code = hf_code_create();
    bool good = code != NULL;
    while (good && (status = hf_reader_next(reader, &record)) != HF_READER_END) {
        if (status == HF_READER_PENDING)
            hf_reader_skip(reader);
        else if (record.kind != HF_TRACE_FINDING)
            good = hf_code_feed(code, &record);
        else if (is_chosen(record.body.finding, choice))
            good = write_finding(&record, code, names, json, to);
    }
    hf_code_destroy(code);
    return good;
}
