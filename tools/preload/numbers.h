/* Descriptors: which handle each number has, or had last.
 *
 * The table knows everything about a life: whether it is open, who opened it and who closed it.
 * This is only the way from a number to its handle, and what the kernel has at the number now.
 * What was never seen opened is *unknown*: nothing is ever reported of it.
 *
 *   UNKNOWN  never seen                        handle 0
 *   LIVE     open, as far as we saw            handle open
 *   TOMB     closed; a tombstone holds it      handle stale
 *   LEAVING  ... and is being taken away       handle stale
 *   FREE     closed; the kernel may reuse it   handle stale
 *   UNKNOWN  (again) closed by a signal handler that interrupted the library itself: the handle may
 *            be live still, and is ended when the number is seen again
 *   OWN      one of holdfast's own: hidden
 *
 * Who may change a state: of a LIVE number, who won its handle's hf_close; of a TOMB, who won the
 * compare-and-swap to LEAVING; of any, who got the number from the kernel: it was free then. */
#ifndef RUN_NUMBERS_H
#define RUN_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include <holdfast/holdfast.h>

enum {
    RUN_NUMBERS = 1 << 20, /* numbers beyond are not tracked */
    RUN_WHAT_BYTES = 104   /* whole words, at which each text begins: see store_text */
};

typedef enum run_number_state {
    RUN_UNKNOWN,
    RUN_LIVE,
    RUN_TOMB,
    RUN_LEAVING,
    RUN_FREE,
    RUN_OWN
} run_number_state;

/* How a number came to be what it is. */
typedef enum run_origin {
    RUN_CHOSEN, /* by the kernel: open, socket, dup, F_DUPFD */
    RUN_PLACED, /* by the program: dup2, dup3 */
    RUN_UNSEEN  /* not seen opened; learnt when it was closed */
} run_origin;

typedef struct run_number {
    uint64_t handle;   /* bits of the last handle; 0: none */
    uint64_t previous; /* of the one before it */
    uint64_t stream;   /* bits of the handle of the FILE or DIR that owns it; 0: none */
    uint32_t word;     /* | life 29 | run_number_state 3 |: see numbers.c */
    uint32_t user;     /* record of the thread that used this life; RUN_SEVERAL; 0: none */
    uint8_t origin;
    uint8_t life;  /* which of the two texts is this life's */
    uint8_t tells; /* 1: its close may tell of an error, so it is never replaced by a tombstone */
    uint8_t reserved;
    int32_t soon; /* the number that the kernel probably gives away after this one; 0: unknown */
    char what[2][RUN_WHAT_BYTES];
    uint64_t rest; /* of the fourth line of the cache */
} run_number;

#define RUN_SEVERAL UINT32_MAX

/* The records of the numbers below the limit, which is not above RUN_NUMBERS and grows as numbers
 * are seen: their memory is taken in steps. */
extern run_number *run_numbers;
extern uint32_t run_number_limit;

bool run_numbers_start(void); /* false: no memory */

/* NULL when it is out of range, or beyond the highest that was seen. */
static inline run_number *run_number_of(int descriptor)
{
    /* Acquire: the records below are committed.  Partner: the release where the limit grows. */
    return (uint32_t)descriptor < __atomic_load_n(&run_number_limit, __ATOMIC_ACQUIRE)
               ? &run_numbers[descriptor]
               : NULL;
}

/* The same, made now if need be: for who has got the number from the kernel. */
run_number *run_number_made(int descriptor);

static inline run_number_state run_word_state(uint32_t word)
{
    return (run_number_state)(word & 7);
}

/* The same life in another state; the next life. */
static inline uint32_t run_word_with(uint32_t word, run_number_state state)
{
    return (word & ~7u) | (uint32_t)state;
}

static inline uint32_t run_word_next(uint32_t word, run_number_state state)
{
    return run_word_with(word + 8, state);
}

static inline uint32_t run_word_of(const run_number *number)
{
    /* Acquire: the handle and the texts of that life.  Partner: the release of who opened it. */
    return __atomic_load_n(&number->word, __ATOMIC_ACQUIRE);
}

/* From `*word` to another state of the same life; false: it is not as it was. */
static inline bool run_word_move(run_number *number, uint32_t word, run_number_state to)
{
    return __atomic_compare_exchange_n(&number->word, &word, run_word_with(word, to), false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static inline run_number_state run_state_of(int descriptor)
{
    const run_number *number = run_number_of(descriptor);
    return number != NULL ? run_word_state(run_word_of(number)) : RUN_UNKNOWN;
}

/* The last one; null: unknown. */
static inline hf_handle run_handle_of(int descriptor)
{
    const run_number *number = run_number_of(descriptor);
    if (number == NULL || run_word_state(run_word_of(number)) == RUN_UNKNOWN)
        return HF_NULL_HANDLE;
    return (hf_handle){__atomic_load_n(&number->handle, __ATOMIC_RELAXED)};
}

/* Whether a text, which a handle of this number was opened with, is still its own: the last two
 * lives keep theirs. */
bool run_text_is_kept(int descriptor, hf_handle handle, const char *text);

/* What the number is, or was last: a path, an address.  "" if unknown. */
const char *run_what_of(int descriptor);

/* A wrapper got a new descriptor from the kernel.  `what` is printf-like and cut; `operation` is
 * the called function's name (static).  -1 and numbers out of range are ignored.  Keeps errno.
 * No allocation, no lock. */
void run_opened(int descriptor, run_origin origin, const char *operation, const char *what, ...)
    __attribute__((format(printf, 4, 5)));

/* The same where `what` is a path, or a constant text: without formatting, which costs more than
 * all the rest. */
void run_opened_path(int descriptor, const char *operation, const char *path);

/* It was opened to be written: where its file system reports what went wrong only when the file is
 * closed (network, FUSE), the close must be a real one. */
void run_opened_to_write(int descriptor);

/* The program puts a descriptor onto a number by dup2 or dup3: run_placing before the system call
 * (it takes a tombstone's mark away, so that nobody else removes it); then run_opened with
 * RUN_PLACED, which ends the life that was there and reports a clobbered owner; or run_not_placed
 * if the call failed, and the life goes on. */
void run_placing(int descriptor);
void run_not_placed(int descriptor);

/* Adds to what is known: "connected to 127.0.0.1:80". */
void run_note(int descriptor, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A stream or directory owns the descriptor from now on, or no longer (null handle). */
void run_set_stream(int descriptor, hf_handle stream);

/* The life ends, by something else than close(): fclose, closedir, close_range.  Marks it closed
 * with this stack; the number is FREE afterwards, also where it was a tombstone.  To be called
 * before the system call that frees it.  True: it was live. */
bool run_ends(int descriptor, const char *operation);

/* close(): everything, the system call and errno included. */
int run_close(int descriptor, const char *operation);

/* A descriptor of holdfast's own, hidden from the program; moved to a high number. */
int run_make_own(int descriptor);

/* The types that the table has. */
extern const hf_type run_type_descriptor; /* "descriptor" */
extern const hf_type run_type_stream;     /* "stream" */
extern const hf_type run_type_directory;  /* "directory" */

#endif
