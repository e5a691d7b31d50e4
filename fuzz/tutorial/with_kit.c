/* The same binding, described to Holdfast's fuzzing kit: what its handles are, and what can be done
 * with them.  What may be closed is closed at any time, and must then be refused. */
#define HF_FUZZ_IMPLEMENTATION
#include <holdfast/fuzz.h>

#include "rows.h"
#include "statements.h"

/* What a number was refused for is one answer, what SQLite or a full table says another. */
static hf_fuzz_answer answer(int result)
{
    if (result == ROWS_E_STALE || result == ROWS_E_KIND)
        return HF_FUZZ_REFUSED;
    return result < 0 ? HF_FUZZ_FAILED : HF_FUZZ_DONE;
}

static hf_fuzz_answer made(hf_fuzz_call *call, int result)
{
    return result < 0 ? answer(result) : hf_fuzz_made_int(call, result);
}

static hf_fuzz_answer open_database(hf_fuzz_call *call)
{
    return made(call, rows_open());
}

static hf_fuzz_answer prepare(hf_fuzz_call *call)
{
    const char *text = statement_texts[call->number % STATEMENT_COUNT];
    return made(call, rows_prepare(hf_fuzz_int(call, 0), text));
}

static hf_fuzz_answer share(hf_fuzz_call *call)
{
    return made(call, rows_share(hf_fuzz_int(call, 0)));
}

static hf_fuzz_answer bind(hf_fuzz_call *call)
{
    return answer(rows_bind(hf_fuzz_int(call, 0), (int)(call->number % 1000)));
}

static hf_fuzz_answer step(hf_fuzz_call *call)
{
    return answer(rows_step(hf_fuzz_int(call, 0)));
}

static hf_fuzz_answer changes(hf_fuzz_call *call)
{
    return answer(rows_changes(hf_fuzz_int(call, 0)));
}

static hf_fuzz_answer close_number(hf_fuzz_call *call)
{
    return answer(rows_close(hf_fuzz_int(call, 0)));
}

static void tear_down(void *context)
{
    (void)context;
    rows_end();
}

static const hf_fuzz_kind kinds[] = {
    {.name = "database", .c_type = "int", .name_space = "numbers"},
    {.name = "statement", .c_type = "int", .name_space = "numbers"},
};

#define ANY_TIME HF_FUZZ_TAKES_STALE

static const hf_fuzz_operation operations[] = {
    {.name = "rows_open", .call = open_database, .makes = "database", .code = "$0 = rows_open()"},
    {.name = "rows_prepare",
     .call = prepare,
     .makes = "statement",
     .takes = {"database"},
     .flags = ANY_TIME,
     .code = "$0 = rows_prepare($1, statement_texts[$a % STATEMENT_COUNT])"},
    {.name = "rows_share",
     .call = share,
     .makes = "statement",
     .takes = {"statement"},
     .flags = ANY_TIME,
     .code = "$0 = rows_share($1)"},
    {.name = "rows_share",
     .call = share,
     .makes = "database",
     .takes = {"database"},
     .flags = ANY_TIME,
     .code = "$0 = rows_share($1)"},
    {.name = "rows_bind",
     .call = bind,
     .takes = {"statement"},
     .flags = ANY_TIME,
     .code = "rows_bind($1, $a % 1000)"},
    {.name = "rows_step",
     .call = step,
     .takes = {"statement"},
     .flags = ANY_TIME,
     .code = "rows_step($1)"},
    {.name = "rows_changes",
     .call = changes,
     .takes = {"database"},
     .flags = ANY_TIME,
     .code = "rows_changes($1)"},
    {.name = "rows_close",
     .call = close_number,
     .takes = {"statement"},
     .flags = ANY_TIME | HF_FUZZ_CLOSES,
     .code = "rows_close($1)"},
    {.name = "rows_close",
     .call = close_number,
     .takes = {"database"},
     .flags = ANY_TIME | HF_FUZZ_CLOSES,
     .code = "rows_close($1)"},
};

static const hf_fuzz_target rows = {.name = "rows",
                                    .kinds = kinds,
                                    .kind_count = HF_FUZZ_COUNT(kinds),
                                    .operations = operations,
                                    .operation_count = HF_FUZZ_COUNT(operations),
                                    .tear_down = tear_down,
                                    .flags = HF_FUZZ_LEAVES_OPEN,
                                    .code_head = "#include \"rows.h\"\n#include \"statements.h\"",
                                    .code_end = "    rows_end();"};
HF_FUZZ_TARGET(rows)
