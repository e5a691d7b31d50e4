/* A binding of SQLite as scripting languages have them: databases and statements are numbers, which
 * a script may keep, share, close in any order, and use after that: it then gets an error.
 * An example for the tutorial; README.md beside it tells the story. */
#ifndef ROWS_H
#define ROWS_H

enum {
    ROWS_E_STALE = -1, /* no such number, or closed */
    ROWS_E_KIND = -2,  /* a database where a statement is wanted, or the reverse */
    ROWS_E_FULL = -3,  /* too many are open; or out of memory */
    ROWS_E_SQL = -4    /* SQLite says no */
};

/* A new database in memory.  Answers its number, or an error. */
int rows_open(void);

/* A statement.  Its database lives at least as long. */
int rows_prepare(int database, const char *sql);

/* A second number for the same thing, which lives until both are closed. */
int rows_share(int number);

/* Binds a statement's first parameter.  0 or an error. */
int rows_bind(int statement, int value);

/* Goes on to the next row.  1: there is one; 0: there is none; or an error. */
int rows_step(int statement);

/* How many rows were changed in a database so far, or an error. */
int rows_changes(int database);

/* Closes a number of either kind.  0 or an error. */
int rows_close(int number);

/* Closes all there are, and begins anew. */
void rows_end(void);

#endif
