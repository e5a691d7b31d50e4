/* The SQL that both harnesses of SQLite itself know; some of it fails when it runs. */
#ifndef SQLITE_STATEMENTS_H
#define SQLITE_STATEMENTS_H

#define SQLITE_STATEMENT_COUNT 5

static const char *const sqlite_statements[SQLITE_STATEMENT_COUNT] = {
    "create table if not exists t(a unique)", "insert into t values(?)", "select a from t",
    "insert into t values(7)", "selct"};

#endif
