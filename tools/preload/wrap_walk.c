/* What reads directories inside the C library, with a readdir that is its own: glob, wordexp, nftw,
 * ftw, fts.  Tombstones are left out of what they answer where that lists this process's
 * descriptors. */
#include <errno.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wordexp.h>

#include "listings.h"
#include "real.h"
#include "room.h"
#include "self.h"

/* How many directories they have open at once, or other things; but nftw as many as it may. */
enum { AT_ONCE = 3, WALK_MOST = 64 };

/* ---- glob ----------------------------------------------------------------------------------- */

/* With GLOB_MARK what leads to a directory, as tombstones do, ends with a slash. */
static bool hides_path(char *path)
{
    char *end = path + strlen(path);
    bool marked = end > path && end[-1] == '/';
    if (marked)
        end[-1] = '\0';
    const char *slash = strrchr(path, '/');
    size_t folder = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    bool hides = run_listing_hides_in(path, folder, path + folder);
    if (marked)
        end[-1] = '/';
    return hides;
}

/* Answers how many are left. */
static size_t keep_visible(char **paths, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (hides_path(paths[i]))
            free(paths[i]);
        else
            paths[kept++] = paths[i];
    }
    paths[kept] = NULL;
    return kept;
}

/* A pattern that is given back as it is, because nothing matches it, looks like one match. */
static bool may_be_the_pattern(int flags, size_t count)
{
    return count == 1 && (flags & (GLOB_NOCHECK | GLOB_NOMAGIC)) != 0;
}

/* `before`: how many others had found, whom this call adds to. */
#define WRAP_GLOB(name, result_type)                                                           \
    static int name##_filtered(int flags, size_t before, result_type *found)                   \
    {                                                                                          \
        size_t count = found->gl_pathc - before;                                               \
        size_t first = before + ((flags & GLOB_DOOFFS) != 0 ? found->gl_offs : 0);             \
        if (count == 0 || may_be_the_pattern(flags, count))                                    \
            return 0;                                                                          \
        size_t kept = keep_visible(found->gl_pathv + first, count);                            \
        found->gl_pathc = before + kept;                                                       \
        return kept == 0 ? GLOB_NOMATCH : 0;                                                   \
    }                                                                                          \
    RUN_WRAP(int, name,                                                                        \
             (const char *restrict pattern, int flags, int (*failed)(const char *path, int e), \
              result_type *restrict found))                                                    \
    {                                                                                          \
        run_make_room_for(AT_ONCE);                                                            \
        size_t before = (flags & GLOB_APPEND) != 0 ? found->gl_pathc : 0;                      \
        int result = RUN_REAL(name)(pattern, flags, failed, found);                            \
        if (result != 0 || !run_is_on() || (flags & GLOB_ALTDIRFUNC) != 0)                     \
            return result;                                                                     \
        return name##_filtered(flags, before, found);                                          \
    }
WRAP_GLOB(glob, glob_t)
WRAP_GLOB(glob64, glob64_t)

/* ---- wordexp -------------------------------------------------------------------------------- */

/* Whether the text writes a word's last component as it is, rather than by a pattern.  (Not so if
 * it is put together from variables; who would name a closed descriptor so?) */
static bool writes(const char *text, const char *word)
{
    const char *name = strrchr(word, '/');
    size_t length = name != NULL ? strlen(name) : 0;
    for (const char *at = text; length != 0 && (at = strstr(at, name)) != NULL; at++)
        if (strchr("0123456789*?[", at[length]) == NULL || at[length] == '\0')
            return true;
    return false;
}

/* At least one word stays: where a pattern matches nothing, it stays itself. */
static size_t keep_visible_words(const char *text, char **words, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_last = kept == 0 && i == count - 1;
        if (!is_last && hides_path(words[i]) && !writes(text, words[i]))
            free(words[i]);
        else
            words[kept++] = words[i];
    }
    words[kept] = NULL;
    return kept;
}

RUN_WRAP(int, wordexp, (const char *restrict text, wordexp_t *restrict found, int flags))
{
    size_t before = (flags & WRDE_APPEND) != 0 ? found->we_wordc : 0;
    run_make_room_for(AT_ONCE);
    int result = RUN_REAL(wordexp)(text, found, flags);
    if (result != 0 || !run_is_on() || found->we_wordc <= before)
        return result;
    size_t first = before + ((flags & WRDE_DOOFFS) != 0 ? found->we_offs : 0);
    found->we_wordc =
        before + keep_visible_words(text, found->we_wordv + first, found->we_wordc - before);
    return 0;
}

/* ---- nftw and ftw --------------------------------------------------------------------------- */

/* The walks that this thread is inside of, innermost last.  The C library hands nothing on to the
 * function that it calls, but the place that it shows is the same one all the time.  A walk may be
 * left by a jump, and then stays here until another comes by. */
enum { WALKS = 4 };
typedef struct walk {
    uintptr_t frame;         /* its wrapper's */
    const struct FTW *place; /* NULL: nothing was shown yet */
    const void *function;
    int flags;
    int result;
} walk;
static __thread walk walks[WALKS] __attribute__((tls_model("initial-exec")));
static __thread uint32_t walk_count __attribute__((tls_model("initial-exec")));

static void make_room_for_walk(int descriptors)
{
    int most = descriptors < WALK_MOST ? descriptors : WALK_MOST;
    run_make_room_for((unsigned)(most < AT_ONCE ? AT_ONCE : most));
}

/* NULL: there is no room, and it shows what it shows. */
static walk *begin_walk(uintptr_t frame, int flags)
{
    while (walk_count > 0 && walks[walk_count - 1].frame <= frame)
        walk_count--;
    if (!run_is_on() || walk_count == WALKS)
        return NULL;
    walks[walk_count] = (walk){.frame = frame, .flags = flags};
    return &walks[walk_count++];
}

static int end_walk(const walk *own, int result)
{
    walk_count = (uint32_t)(own - walks);
    return result == FTW_STOP ? own->result : result;
}

static walk *walk_at(const struct FTW *place)
{
    while (walk_count > 1 && walks[walk_count - 1].place != NULL &&
           walks[walk_count - 1].place != place)
        walk_count--;
    walks[walk_count - 1].place = place;
    return &walks[walk_count - 1];
}

static bool hides_place(const walk *in, const char *path, const struct FTW *place)
{
    size_t folder = (in->flags & FTW_CHDIR) != 0 ? 0 : (size_t)place->base;
    return place->level > 0 && run_listing_hides_in(path, folder, path + place->base);
}

/* What the program's function answered, in the language of FTW_ACTIONRETVAL. */
static int action_for(walk *in, int answer)
{
    in->result = answer;
    if ((in->flags & FTW_ACTIONRETVAL) != 0)
        return answer;
    return answer != 0 ? FTW_STOP : FTW_CONTINUE;
}

/* A tombstone's way leads on, where symbolic links are followed. */
#define WRAP_NFTW(name, status, function_type)                                                  \
    static int name##_visit(const char *path, const struct status *of, int type,                \
                            struct FTW *place)                                                  \
    {                                                                                           \
        walk *in = walk_at(place);                                                              \
        function_type function;                                                                 \
        __builtin_memcpy(&function, &in->function, sizeof function);                            \
        return hides_place(in, path, place) ? FTW_SKIP_SUBTREE                                  \
                                            : action_for(in, function(path, of, type, place));  \
    }                                                                                           \
    RUN_WRAP(int, name, (const char *path, function_type function, int descriptors, int flags)) \
    {                                                                                           \
        make_room_for_walk(descriptors);                                                        \
        walk *own = begin_walk((uintptr_t)__builtin_frame_address(0), flags);                   \
        if (own == NULL)                                                                        \
            return RUN_REAL(name)(path, function, descriptors, flags);                          \
        __builtin_memcpy(&own->function, &function, sizeof own->function);                      \
        return end_walk(                                                                        \
            own, RUN_REAL(name)(path, name##_visit, descriptors, flags | FTW_ACTIONRETVAL));    \
    }
WRAP_NFTW(nftw, stat, __nftw_func_t)
WRAP_NFTW(nftw64, stat64, __nftw64_func_t)

/* What ftw calls that which only nftw tells apart. */
static int plain_type(int type)
{
    switch (type) {
    case FTW_SL:
        return FTW_F;
    case FTW_SLN:
        return FTW_NS;
    default:
        return type;
    }
}

/* ftw cannot be told not to go into a directory, as a tombstone is one; nftw without flags, which
 * does the same otherwise, can. */
#define WRAP_FTW(name, walk_name, status, function_type)                                         \
    static int name##_visit(const char *path, const struct status *of, int type,                 \
                            struct FTW *place)                                                   \
    {                                                                                            \
        walk *in = walk_at(place);                                                               \
        function_type function;                                                                  \
        __builtin_memcpy(&function, &in->function, sizeof function);                             \
        return hides_place(in, path, place)                                                      \
                   ? FTW_SKIP_SUBTREE                                                            \
                   : action_for(in, function(path, of, plain_type(type)));                       \
    }                                                                                            \
    RUN_WRAP(int, name, (const char *path, function_type function, int descriptors))             \
    {                                                                                            \
        make_room_for_walk(descriptors);                                                         \
        walk *own = begin_walk((uintptr_t)__builtin_frame_address(0), 0);                        \
        if (own == NULL)                                                                         \
            return RUN_REAL(name)(path, function, descriptors);                                  \
        __builtin_memcpy(&own->function, &function, sizeof own->function);                       \
        return end_walk(own,                                                                     \
                        RUN_REAL(walk_name)(path, name##_visit, descriptors, FTW_ACTIONRETVAL)); \
    }
WRAP_FTW(ftw, nftw, stat, __ftw_func_t)
WRAP_FTW(ftw64, nftw64, stat64, __ftw64_func_t)

/* ---- fts ------------------------------------------------------------------------------------ */

#define WRAP_FTS_OPEN(name, tree, entry)                                                        \
    RUN_WRAP(tree *, name,                                                                      \
             (char *const *paths, int options, int (*compare)(const entry **, const entry **))) \
    {                                                                                           \
        run_make_room_for(AT_ONCE);                                                             \
        return RUN_REAL(name)(paths, options, compare);                                         \
    }
WRAP_FTS_OPEN(fts_open, FTS, FTSENT)
WRAP_FTS_OPEN(fts64_open, FTS64, FTSENT64)

/* It is in the folder of the entry, unless it was told not to go there. */
#define WRAP_FTS(name, set, tree, entry)                                   \
    RUN_DECLARE_REAL(int, set, (tree *, entry *, int))                     \
    static bool name##_hides(const tree *of, const entry *at)              \
    {                                                                      \
        size_t before = (size_t)at->fts_pathlen - at->fts_namelen;         \
        size_t folder = (of->fts_options & FTS_NOCHDIR) != 0 ? before : 0; \
        return at->fts_level > FTS_ROOTLEVEL &&                            \
               run_listing_hides_in(at->fts_path, folder, at->fts_name);   \
    }                                                                      \
    RUN_WRAP(entry *, name, (tree * of))                                   \
    {                                                                      \
        entry *next = RUN_REAL(name)(of);                                  \
        while (next != NULL && run_is_on() && name##_hides(of, next)) {    \
            (void)RUN_REAL(set)(of, next, FTS_SKIP);                       \
            next = RUN_REAL(name)(of);                                     \
        }                                                                  \
        return next;                                                       \
    }
WRAP_FTS(fts_read, fts_set, FTS, FTSENT)
WRAP_FTS(fts64_read, fts64_set, FTS64, FTSENT64)

/* The list of what is in the directory that was read last, from whose folder its path leads there.
 * Entries of the list are the C library's own, who frees them one by one. */
#define WRAP_FTS_CHILDREN(name, tree, entry)                                    \
    RUN_WRAP(entry *, name, (tree * of, int options))                           \
    {                                                                           \
        entry *first = RUN_REAL(name)(of, options);                             \
        if (first == NULL || !run_is_on() || first->fts_level <= FTS_ROOTLEVEL) \
            return first;                                                       \
        const char *folder = of->fts_cur->fts_accpath;                          \
        size_t length = strlen(folder);                                         \
        for (entry **at = &of->fts_child; *at != NULL;) {                       \
            entry *next = *at;                                                  \
            if (run_listing_hides_in(folder, length, next->fts_name)) {         \
                *at = next->fts_link;                                           \
                free(next);                                                     \
            } else {                                                            \
                at = &next->fts_link;                                           \
            }                                                                   \
        }                                                                       \
        errno = of->fts_child == NULL ? 0 : errno;                              \
        return of->fts_child;                                                   \
    }
WRAP_FTS_CHILDREN(fts_children, FTS, FTSENT)
WRAP_FTS_CHILDREN(fts64_children, FTS64, FTSENT64)
