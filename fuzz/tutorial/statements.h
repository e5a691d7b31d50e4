/* The SQL that both harnesses know. */
#ifndef STATEMENTS_H
#define STATEMENTS_H

#define STATEMENT_COUNT 5

static const char *const statement_texts[STATEMENT_COUNT] = {
    "create table if not exists t(a)", "insert into t values(?)", "select ?1 + 1",
    "select a from t where a > ?", "selct"};

#endif
