/* Two functions of SQLite's, for the harnesses that call it directly.  SQLITE_BUG plants a mistake,
 * as if it were the library's:
 *   7  sqlite3_close closes a database although it has statements
 *   8  sqlite3_reset gives a statement away whose last step failed */
#ifndef PLANTED_H
#define PLANTED_H

#include <sqlite3.h>

#ifndef SQLITE_BUG
#define SQLITE_BUG 0
#endif

static inline int planted_close(sqlite3 *database)
{
    return SQLITE_BUG == 7 ? sqlite3_close_v2(database) : sqlite3_close(database);
}

static inline int planted_reset(sqlite3_stmt *statement)
{
    int status = sqlite3_reset(statement);
    if (SQLITE_BUG == 8 && status != SQLITE_OK)
        sqlite3_finalize(statement);
    return status;
}

#endif
