/* A number is generation * SLOTS + slot + 1.  What it stands for has a count of its owners: its
 * numbers and, of a database, its statements.
 *
 * ROWS_BUG plants one mistake, of a sort that such bindings have had:
 *   1  close does not count the generation up: a closed number hits its successor
 *   2  share does not count the second owner
 *   3  a statement does not count as an owner of its database
 *   4  what kind a slot is of is only set when it is used for the first time
 *   5  a statement that cannot be prepared gives its share of the database back twice
 *   6  the generation has four bits, and wraps */
#include "rows.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#ifndef ROWS_BUG
#define ROWS_BUG 0
#endif

enum { SLOTS = 64, GENERATIONS = ROWS_BUG == 6 ? 16 : 1 << 24 };

typedef enum kind { NOTHING, DATABASE, STATEMENT } kind;

typedef struct database {
    int owners; /* first, as in a statement */
    sqlite3 *native;
} database;

typedef struct statement {
    int owners;
    sqlite3_stmt *native;
    database *of;
    int bound;
} statement;

typedef struct slot {
    kind kind;
    int generation;
    void *object; /* NULL: free */
} slot;

static slot slots[SLOTS];

/* ---- numbers -------------------------------------------------------------------------------- */

static int number_of(int index)
{
    return slots[index].generation * SLOTS + index + 1;
}

static int give_number(kind of, void *object)
{
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].object != NULL)
            continue;
        slots[i].object = object;
        if (ROWS_BUG != 4 || slots[i].kind == NOTHING)
            slots[i].kind = of;
        return number_of(i);
    }
    return ROWS_E_FULL;
}

static void take_number(slot *place)
{
    place->object = NULL;
    if (ROWS_BUG != 1)
        place->generation = (place->generation + 1) % GENERATIONS;
}

static slot *find(int number)
{
    slot *place = number > 0 ? &slots[(number - 1) % SLOTS] : NULL;
    if (place == NULL || place->object == NULL || place->generation != (number - 1) / SLOTS)
        return NULL;
    return place;
}

/* What a number of a kind stands for; NULL, and an error, where it is none of that kind. */
static void *find_kind(int number, kind wanted, int *error)
{
    slot *place = find(number);
    *error = place == NULL ? ROWS_E_STALE : ROWS_E_KIND;
    return place != NULL && place->kind == wanted ? place->object : NULL;
}

/* ---- owners --------------------------------------------------------------------------------- */

static void drop_database(database *one)
{
    if (--one->owners > 0)
        return;
    sqlite3_close(one->native);
    free(one);
}

static void drop_statement(statement *one)
{
    if (--one->owners > 0)
        return;
    sqlite3_finalize(one->native);
    if (ROWS_BUG != 3)
        drop_database(one->of);
    free(one);
}

static void drop(kind of, void *object)
{
    if (of == DATABASE)
        drop_database(object);
    else
        drop_statement(object);
}

/* ---- the interface -------------------------------------------------------------------------- */

int rows_open(void)
{
    database *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return ROWS_E_FULL;
    made->owners = 1;
    int number = ROWS_E_SQL;
    if (sqlite3_open(":memory:", &made->native) == SQLITE_OK)
        number = give_number(DATABASE, made);
    if (number < 0)
        drop_database(made);
    return number;
}

int rows_prepare(int database_number, const char *sql)
{
    int number;
    database *of = find_kind(database_number, DATABASE, &number);
    if (of == NULL)
        return number;
    statement *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return ROWS_E_FULL;
    made->owners = 1;
    made->of = of;
    of->owners += ROWS_BUG != 3;
    number = ROWS_E_SQL;
    if (sqlite3_prepare_v2(of->native, sql, -1, &made->native, NULL) == SQLITE_OK)
        number = give_number(STATEMENT, made);
    if (number < 0) {
        drop_statement(made);
        if (ROWS_BUG == 5)
            drop_database(of);
    }
    return number;
}

int rows_share(int number)
{
    slot *place = find(number);
    if (place == NULL)
        return ROWS_E_STALE;
    int second = give_number(place->kind, place->object);
    if (second > 0 && ROWS_BUG != 2)
        ++*(int *)place->object;
    return second;
}

int rows_bind(int number, int value)
{
    int error;
    statement *to = find_kind(number, STATEMENT, &error);
    if (to == NULL)
        return error;
    to->bound = value;
    sqlite3_reset(to->native);
    return sqlite3_bind_int(to->native, 1, value) == SQLITE_OK ? 0 : ROWS_E_SQL;
}

int rows_step(int number)
{
    int error;
    statement *from = find_kind(number, STATEMENT, &error);
    if (from == NULL)
        return error;
    if (sqlite3_step(from->native) == SQLITE_ROW)
        return 1;
    return sqlite3_reset(from->native) == SQLITE_OK ? 0 : ROWS_E_SQL;
}

int rows_changes(int number)
{
    int error;
    const database *of = find_kind(number, DATABASE, &error);
    return of != NULL ? sqlite3_total_changes(of->native) : error;
}

int rows_close(int number)
{
    slot *place = find(number);
    if (place == NULL)
        return ROWS_E_STALE;
    void *object = place->object;
    take_number(place);
    drop(place->kind, object);
    return 0;
}

void rows_end(void)
{
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].object != NULL)
            rows_close(number_of(i));
    }
    memset(slots, 0, sizeof(slots));
}
