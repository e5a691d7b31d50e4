/* The functions that the preloaded library stands in front of.
 *
 *     int n = RUN_REAL(close)(descriptor);
 *
 * Each is looked up once, by dlsym(RTLD_NEXT) when it is first called, or with all others when the
 * library starts (next.h), whichever is earlier.  Programs that replace malloc may come here before
 * any constructor ran, so the look-up does not allocate.  A function that the C library does not
 * have is a null pointer; its wrapper is then never called by anybody.
 *
 * Any thread; async-signal-safe after the start. */
#ifndef RUN_REAL_H
#define RUN_REAL_H

/* For the file of a wrapper:
 *
 *     RUN_WRAP(int, close, (int descriptor), (descriptor))
 *     {
 *         ...return RUN_REAL(close)(descriptor);
 *     }
 */
#define RUN_EXPORT __attribute__((visibility("default")))

/* One for each; the linker makes an array of them. */
typedef struct run_real_function {
    const char *symbol;
    void *found;
} run_real_function;

/* Defines `run_real_NAME()`, which answers the next function of that name, with its type, and
 * `run_known_NAME()`, which answers NULL if it was not looked up yet. */
#define RUN_DECLARE_REAL(result, name, parameters)                                                \
    typedef result(*run_real_type_##name) parameters;                                             \
    static run_real_function run_real_of_##name                                                   \
        __attribute__((section("run_reals"), used)) = {#name, (void *)0};                         \
    __attribute__((unused)) static inline run_real_type_##name run_known_##name(void)             \
    {                                                                                             \
        void *next = __atomic_load_n(&run_real_of_##name.found, __ATOMIC_RELAXED);                \
        run_real_type_##name function;                                                            \
        __builtin_memcpy(&function, &next, sizeof function);                                      \
        return function;                                                                          \
    }                                                                                             \
    static inline run_real_type_##name run_real_##name(void)                                      \
    {                                                                                             \
        if (__builtin_expect(run_known_##name() == 0, 0))                                         \
            __atomic_store_n(&run_real_of_##name.found, run_find_real(run_real_of_##name.symbol), \
                             __ATOMIC_RELAXED);                                                   \
        return run_known_##name();                                                                \
    }
#define RUN_REAL(name)  (run_real_##name())
#define RUN_KNOWN(name) (run_known_##name())

/* Declares the real function and begins the definition of its wrapper. */
#define RUN_WRAP(result, name, parameters)     \
    RUN_DECLARE_REAL(result, name, parameters) \
    RUN_EXPORT result name parameters;         \
    RUN_EXPORT result name parameters

/* The next function of that name; NULL if there is none.  Keeps errno. */
void *run_find_real(const char *name);

/* Looks all of them up: afterwards no wrapper does, so that none takes the dynamic linker's lock in
 * a signal handler or in the child of a fork, where its owner may be gone. */
void run_find_all_real(void);

#endif
