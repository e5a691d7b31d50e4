/* Wrappers that are nothing but a use of a descriptor, a line each.
 *
 * The parameter is called `descriptor`, with two `in` and `out`, and a directory's `directory`,
 * with its path `path`.  `failed` is what the function answers with errno set. */
#ifndef RUN_WRAP_USE_H
#define RUN_WRAP_USE_H

#include <errno.h>

#include "real.h"
#include "returns.h"
#include "uses.h"
#include "usual.h"

/* What `way` tells of the descriptor `of` (usual.h): where nothing is to be done, the wrapper is
 * but a jump to the real function; else, unless the usual way is open, `begin` begins a use. */
#define RUN_WRAP_BY_WAY(way, of, text, begin, result, failed, name, parameters, arguments) \
    RUN_DECLARE_REAL(result, name, parameters)                                             \
    __attribute__((noinline)) static result use_##name parameters                          \
    {                                                                                      \
        run_use use;                                                                       \
        if (!(begin))                                                                      \
            return failed;                                                                 \
        result answer = RUN_REAL(name) arguments;                                          \
        run_use_end(&use, answer == failed);                                               \
        return answer;                                                                     \
    }                                                                                      \
    RUN_MAY_JUMP_BACK __attribute__((noinline)) static result usual_##name parameters      \
    {                                                                                      \
        run_calls *calls = run_usual_enter(of, RUN_JUMPED_SITE(), text);                   \
        if (__builtin_expect(calls == NULL, 0))                                            \
            return use_##name arguments;                                                   \
        result answer = RUN_KNOWN(name) arguments;                                         \
        run_usual_leave(calls);                                                            \
        return answer;                                                                     \
    }                                                                                      \
    RUN_EXPORT result name parameters;                                                     \
    RUN_EXPORT result name parameters                                                      \
    {                                                                                      \
        run_real_type_##name real = RUN_KNOWN(name);                                       \
        run_way way_of_it = HF_LIKELY(real != 0) ? way(of) : RUN_OTHERWISE;                \
        if (HF_LIKELY(way_of_it == RUN_PLAIN))                                             \
            return real arguments;                                                         \
        return way_of_it == RUN_USUAL ? usual_##name arguments : use_##name arguments;     \
    }

/* `text` is the function's name as the program wrote it, without what fortifying makes of it. */
#define RUN_WRAP_USE_AS(result, failed, name, text, parameters, arguments)                   \
    RUN_WRAP_BY_WAY(run_way_of_use, descriptor, text, run_use_begin(&use, descriptor, text), \
                    result, failed, name, parameters, arguments)
#define RUN_WRAP_USE(result, failed, name, parameters, arguments) \
    RUN_WRAP_USE_AS(result, failed, name, #name, parameters, arguments)

/* fstat and its kin, which loops over the whole table call, too. */
#define RUN_WRAP_LOOK(name, parameters, arguments)                                        \
    RUN_WRAP_BY_WAY(run_way_of_look, descriptor, "fstat",                                 \
                    run_look_begin(&use, descriptor, "fstat"), int, -1, name, parameters, \
                    arguments)

#define RUN_WRAP_TWO(result, name, parameters, arguments)  \
    RUN_WRAP(result, name, parameters)                     \
    {                                                      \
        run_use from;                                      \
        run_use to;                                        \
        if (!run_use_begin(&from, in, #name))              \
            return -1;                                     \
        if (!run_use_begin_second(&to, &from, out, #name)) \
            return -1;                                     \
        result answer = RUN_REAL(name) arguments;          \
        run_use_end(&to, answer < 0);                      \
        run_use_end(&from, answer < 0);                    \
        return answer;                                     \
    }

/* What answers an error number. */
#define RUN_WRAP_ERROR(name, parameters, arguments)    \
    RUN_WRAP(int, name, parameters)                    \
    {                                                  \
        run_use use;                                   \
        int saved = errno;                             \
        if (!run_use_begin(&use, descriptor, #name)) { \
            errno = saved;                             \
            return EBADF;                              \
        }                                              \
        int error = RUN_REAL(name) arguments;          \
        saved = errno;                                 \
        errno = error;                                 \
        run_use_end(&use, error != 0);                 \
        errno = saved;                                 \
        return error;                                  \
    }

#define RUN_WRAP_AT_AS(result, name, text, parameters, arguments)                                \
    RUN_WRAP_BY_WAY(run_way_of_use, directory, text,                                             \
                    run_use_begin_at(&use, directory, path, text), result, -1, name, parameters, \
                    arguments)
#define RUN_WRAP_AT(result, name, parameters, arguments) \
    RUN_WRAP_AT_AS(result, name, #name, parameters, arguments)

/* The second descriptor of a call; false: the first one's use is ended, too. */
static inline bool run_use_begin_second(run_use *use, const run_use *first, int descriptor,
                                        const char *operation)
{
    if (run_use_begin(use, descriptor, operation))
        return true;
    run_use_end(first, false);
    return false;
}

#endif
