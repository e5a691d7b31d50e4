/* SQLite's own handles, described to the kit.  To use one after it was closed is undefined, so it
 * is never done; what can be wrong is what the library does with live ones. */
#define HF_FUZZ_IMPLEMENTATION
#include <holdfast/fuzz.h>

#include "planted.h"
#include "sqlite_statements.h"

/* SQLITE_MISUSE: the library does not know the handle. */
static hf_fuzz_answer answer(int status)
{
    if (status == SQLITE_MISUSE)
        return HF_FUZZ_REFUSED;
    return status == SQLITE_OK || status == SQLITE_ROW || status == SQLITE_DONE ? HF_FUZZ_DONE
                                                                                : HF_FUZZ_FAILED;
}

static hf_fuzz_answer open_database(hf_fuzz_call *call)
{
    sqlite3 *made = NULL;
    if (sqlite3_open(":memory:", &made) == SQLITE_OK)
        return hf_fuzz_made_pointer(call, made);
    sqlite3_close(made);
    return HF_FUZZ_FAILED;
}

static hf_fuzz_answer close_database(hf_fuzz_call *call)
{
    int status = planted_close((sqlite3 *)hf_fuzz_pointer(call, 0));
    return status == SQLITE_BUSY ? HF_FUZZ_REFUSED : answer(status);
}

static hf_fuzz_answer prepare(hf_fuzz_call *call)
{
    sqlite3_stmt *made = NULL;
    const char *text = sqlite_statements[call->number % SQLITE_STATEMENT_COUNT];
    int status = sqlite3_prepare_v2((sqlite3 *)hf_fuzz_pointer(call, 0), text, -1, &made, NULL);
    return status == SQLITE_OK ? hf_fuzz_made_pointer(call, made) : answer(status);
}

static hf_fuzz_answer bind(hf_fuzz_call *call)
{
    sqlite3_stmt *to = (sqlite3_stmt *)hf_fuzz_pointer(call, 0);
    (void)planted_reset(to); /* where a step began, to bind is a misuse */
    int status = sqlite3_bind_int(to, 1, (int)(call->number % 10));
    return status == SQLITE_RANGE ? HF_FUZZ_FAILED : answer(status);
}

static hf_fuzz_answer step(hf_fuzz_call *call)
{
    return answer(sqlite3_step((sqlite3_stmt *)hf_fuzz_pointer(call, 0)));
}

static hf_fuzz_answer reset(hf_fuzz_call *call)
{
    return answer(planted_reset((sqlite3_stmt *)hf_fuzz_pointer(call, 0)));
}

/* It answers how the last step went; the statement is gone anyway. */
static hf_fuzz_answer finalize(hf_fuzz_call *call)
{
    int status = sqlite3_finalize((sqlite3_stmt *)hf_fuzz_pointer(call, 0));
    return status == SQLITE_MISUSE ? HF_FUZZ_REFUSED : HF_FUZZ_DONE;
}

static const hf_fuzz_kind kinds[] = {
    {.name = "database", .c_type = "sqlite3 *"},
    {.name = "statement", .c_type = "sqlite3_stmt *"},
};

static const hf_fuzz_operation operations[] = {
    {.name = "sqlite3_open",
     .call = open_database,
     .makes = "database",
     .code = "sqlite3_open(\":memory:\", &$0)"},
    {.name = "sqlite3_close",
     .call = close_database,
     .takes = {"database"},
     .flags = HF_FUZZ_CLOSES,
     .code = "planted_close($1)"},
    {.name = "sqlite3_prepare_v2",
     .call = prepare,
     .makes = "statement",
     .takes = {"database"},
     .flags = HF_FUZZ_CHILD_HOLDS,
     .code = "sqlite3_prepare_v2($1, sqlite_statements[$a % SQLITE_STATEMENT_COUNT], -1, &$0, 0)"},
    {.name = "sqlite3_bind_int",
     .call = bind,
     .takes = {"statement"},
     .code = "planted_reset($1); sqlite3_bind_int($1, 1, $a % 10)"},
    {.name = "sqlite3_step", .call = step, .takes = {"statement"}, .code = "sqlite3_step($1)"},
    {.name = "sqlite3_reset", .call = reset, .takes = {"statement"}, .code = "planted_reset($1)"},
    {.name = "sqlite3_finalize",
     .call = finalize,
     .takes = {"statement"},
     .flags = HF_FUZZ_CLOSES,
     .code = "sqlite3_finalize($1)"},
};

static const hf_fuzz_target sqlite = {
    .name = "sqlite",
    .kinds = kinds,
    .kind_count = HF_FUZZ_COUNT(kinds),
    .operations = operations,
    .operation_count = HF_FUZZ_COUNT(operations),
    .code_head = "#include \"planted.h\"\n#include \"sqlite_statements.h\""};
HF_FUZZ_TARGET(sqlite)
