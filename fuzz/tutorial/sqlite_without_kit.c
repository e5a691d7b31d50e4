/* SQLite's own handles, as most people would fuzz them: what is live is in two arrays. */
#include "planted.h"
#include "sqlite_statements.h"

#include <stddef.h>
#include <stdint.h>

enum { KEPT = 16 };

typedef struct session {
    sqlite3 *databases[KEPT];
    unsigned database_count;
    sqlite3_stmt *statements[KEPT];
    unsigned statement_count;
} session;

static void open_database(session *in)
{
    if (in->database_count < KEPT)
        in->database_count +=
            sqlite3_open(":memory:", &in->databases[in->database_count]) == SQLITE_OK;
}

static void close_database(session *in, unsigned which)
{
    if (planted_close(in->databases[which]) == SQLITE_OK)
        in->databases[which] = in->databases[--in->database_count];
}

static void prepare(session *in, sqlite3 *of, unsigned text)
{
    if (in->statement_count < KEPT)
        in->statement_count +=
            sqlite3_prepare_v2(of, sqlite_statements[text % SQLITE_STATEMENT_COUNT], -1,
                               &in->statements[in->statement_count], NULL) == SQLITE_OK;
}

static void finalize(session *in, unsigned which)
{
    sqlite3_finalize(in->statements[which]);
    in->statements[which] = in->statements[--in->statement_count];
}

static void play(session *in, uint8_t operation, uint8_t argument)
{
    sqlite3_stmt *statement =
        in->statement_count > 0 ? in->statements[argument % in->statement_count] : NULL;
    if (operation % 7 == 0 || in->database_count == 0)
        open_database(in);
    else if (operation % 7 == 1)
        close_database(in, argument % in->database_count);
    else if (operation % 7 == 2 || statement == NULL)
        prepare(in, in->databases[argument % in->database_count], operation / 7);
    else if (operation % 7 == 3)
        sqlite3_bind_int(statement, 1, operation / 7);
    else if (operation % 7 == 4)
        sqlite3_step(statement);
    else if (operation % 7 == 5)
        planted_reset(statement);
    else
        finalize(in, argument % in->statement_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    session in = {.database_count = 0};
    for (size_t i = 0; i + 1 < size; i += 2)
        play(&in, data[i], data[i + 1]);
    while (in.statement_count > 0)
        finalize(&in, 0);
    while (in.database_count > 0)
        sqlite3_close(in.databases[--in.database_count]);
    return 0;
}
