/* Numbers and their lives: how one begins.  (How one ends: closing.c.)
 *
 * Each number has a word: its state, and a count of its lives, so that a compare-and-swap that was
 * prepared in one life fails in the next.  Why nobody spoils what another thread writes:
 *
 *  1. The kernel gives a number to one thread at a time, and only while it is free.  So the thread
 *     that got it writes the handle, the texts and then, by a release store, the word (the next
 *     life, LIVE).  It needs no compare-and-swap: everybody else's change is one, from a word of a
 *     former life, and fails from then on; and one that comes in between is overwritten.
 *  2. Who closes wins hf_close first, of which there is one winner.  The winner moves the word LIVE
 *     -> FREE before the file is closed: afterwards the number may be another thread's at once.  Or
 *     it puts the tombstone onto the file and moves the word LIVE -> TOMB after that; the number
 *     was taken all the time.  If that compare-and-swap fails the program has put another file
 *     there by dup2 meanwhile, which is its own race of a close and a dup2; that life goes on.
 *     Where the process has no other thread, the file is closed first, the tombstone put onto the
 *     number if that is free still, and the word moved LIVE -> TOMB, or -> FREE if not: only a
 *     signal handler can come in between, which finds `inside` set (5) and makes no life; so if the
 *     word is as it was it may be written without a compare-and-swap.
 *  3. TOMB -> LEAVING is won by one compare-and-swap, by who takes the tombstone away.  It closes
 *     the tombstone and moves LEAVING -> FREE, unless the number has got its next life meanwhile.
 *     dup2 onto a tombstone first moves TOMB -> FREE, so that nobody closes the new file.
 *  4. A life that is learnt when it ends (nobody saw it opened) is noted after the file is closed,
 *     when the number may be somebody else's already: the handle by a compare-and-swap from the
 *     former handle, which fails if the new owner has written its own, and which the new owner's
 *     overwrites if not; then the word by one from the former word.
 *  5. A signal handler that interrupts 1 to 4 on the same thread finds `inside` set.  It may close
 *     the number, and then leaves the word UNKNOWN (LIVE -> UNKNOWN); if the thread was about to
 *     publish a life of that very number, the life is published all the same, as if the number were
 *     still open: the next close of it fails, or closes what was opened there unseen.  Either is
 *     what happens without the tool.
 *
 * A number's handles all have one slot of the table, which is kept for the next one when the last
 * is closed (hf_open_again): who got the number from the kernel takes it.  Should two threads
 * believe that they are that one, the table gives it to one of them, and another slot to the other.
 *
 * What nobody saw (system calls made directly, the C library's own) may contradict the record:
 *  - LIVE, and closed unseen: the life ends silently when the number is opened again;
 *  - TOMB, and the tombstone closed unseen: eviction closes what is there only if its next life has
 *    not begun, which leaves the moment between the kernel's answer and 1. */
#include "numbers.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "closing.h"
#include "core/kept.h"
#include "platform/platform.h"
#include "quarantine.h"
#include "report/trace.h"
#include "runs.h"
#include "self.h"
#include "site.h"
#include "standard.h"

enum { STEP = 1024, LINE = 64 };

run_number *run_numbers;
uint32_t run_number_limit;

static hf_outcome release_nothing(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    (void)error;
    return HF_OUTCOME_RELEASED; /* the wrapper closes, at the right moment */
}

#define TRACKED_TYPE(text)                                                          \
    {                                                                               \
        .size = (uint32_t)sizeof(hf_type), .name = text, .release = release_nothing \
    }
const hf_type run_type_descriptor = TRACKED_TYPE("descriptor");
const hf_type run_type_stream = TRACKED_TYPE("stream");
const hf_type run_type_directory = TRACKED_TYPE("directory");

/* ---- the records ---------------------------------------------------------------------------- */

bool run_numbers_start(void)
{
    run_numbers = hf_os_reserve((size_t)RUN_NUMBERS * sizeof *run_numbers);
    return run_numbers != NULL && run_number_made(0) != NULL;
}

HF_STATIC_ASSERT(sizeof(run_number) == 256, "four lines of the cache; whole pages in a step");

/* Several threads may come here at once: committing what is committed does nothing. */
__attribute__((noinline)) static run_number *make(int descriptor)
{
    uint32_t limit = __atomic_load_n(&run_number_limit, __ATOMIC_RELAXED);
    uint32_t wanted = ((uint32_t)descriptor / STEP + 1) * STEP;
    if (descriptor < 0 || descriptor >= RUN_NUMBERS ||
        !hf_os_commit(run_numbers + limit, (wanted - limit) * sizeof *run_numbers))
        return NULL;
    /* Release: the memory is there.  Partner: the acquire in run_number_of. */
    while (limit < wanted && !__atomic_compare_exchange_n(&run_number_limit, &limit, wanted, true,
                                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
    }
    return &run_numbers[descriptor];
}

static inline run_number *made(int descriptor)
{
    run_number *number = run_number_of(descriptor);
    return HF_LIKELY(number != NULL) ? number : make(descriptor);
}

run_number *run_number_made(int descriptor)
{
    return made(descriptor);
}

const char *run_what_of(int descriptor)
{
    const run_number *number = run_number_of(descriptor);
    return number != NULL ? number->what[number->life % 2] : "";
}

/* From begin_life() to publish() the last handle's text is no longer at `life`; the one before it
 * has lost its own then. */
bool run_text_is_kept(int descriptor, hf_handle handle, const char *text)
{
    const run_number *number = run_number_of(descriptor);
    if (number == NULL)
        return false;
    return handle.bits == __atomic_load_n(&number->handle, __ATOMIC_RELAXED) ||
           (handle.bits == __atomic_load_n(&number->previous, __ATOMIC_RELAXED) &&
            text == number->what[(number->life ^ 1) % 2]);
}

/* ---- a life begins -------------------------------------------------------------------------- */

/* The last bytes of a text, fewer than a word's, with zeros behind them. */
static inline uint64_t last_word(const char *from, size_t length)
{
    size_t rest = length % sizeof(uint64_t);
    uint64_t word = 0;
    if (length >= sizeof word && rest != 0) {
        memcpy(&word, from + length - sizeof word, sizeof word);
        return word >> (64 - 8 * rest);
    }
    for (size_t i = 0; i < rest; i++)
        word |= (uint64_t)(unsigned char)from[i] << (8 * i);
    return word;
}

/* Word by word, by atomic stores: other threads may read the text, and the sanitizers must not
 * mind.  Readers may see a text that is half of the former one, but always an end.  What is too
 * long is cut. */
static inline void store_text(char *to, const char *from)
{
    uint64_t *words = (uint64_t *)(void *)to;
    size_t length = strnlen(from, RUN_WHAT_BYTES - 1);
    for (size_t i = 0; i < length / sizeof *words; i++) {
        uint64_t word;
        memcpy(&word, from + i * sizeof word, sizeof word);
        __atomic_store_n(words++, word, __ATOMIC_RELAXED);
    }
    __atomic_store_n(words, last_word(from, length), __ATOMIC_RELAXED); /* the zero is in it */
}

HF_STATIC_ASSERT(offsetof(run_number, what) % 8 == 0 && RUN_WHAT_BYTES % 8 == 0, "whole words");
HF_STATIC_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "last_word");

typedef struct opening {
    run_number *number;
    hf_site site;
    const char *operation;
    uint32_t word; /* of the former life */
    int descriptor;
    run_origin origin;
} opening;

static inline hf_handle open_handle(const opening *at, hf_handle before, const char *text)
{
    hf_handle handle = before;
    hf_status status =
        hf_open_again(run_this_process.table, &run_type_descriptor, (hf_value)at->descriptor, text,
                      &handle, at->site, at->operation);
    return status == HF_OK ? handle : HF_NULL_HANDLE;
}

/* The handle is stored before the word: see 1 above. */
static inline void publish(const opening *at, hf_handle before, hf_handle handle)
{
    run_number *number = at->number;
    run_number_state state = hf_handle_is_null(handle) ? RUN_UNKNOWN : RUN_LIVE;
    __atomic_store_n(&number->previous, before.bits, __ATOMIC_RELAXED);
    __atomic_store_n(&number->handle, handle.bits, __ATOMIC_RELAXED);
    __atomic_store_n(&number->stream, UINT64_C(0), __ATOMIC_RELAXED);
    number->origin = (uint8_t)at->origin;
    __atomic_store_n(&number->user, 0u, __ATOMIC_RELAXED);
    /* Release: all of the above, and the text.  Partner: the acquire in run_word_of. */
    __atomic_store_n(&number->word, run_word_next(at->word, state), __ATOMIC_RELEASE);
}

static inline const run_number *soon_after(const run_number *number)
{
    return &run_numbers[__atomic_load_n(&number->soon, __ATOMIC_RELAXED)];
}

/* What was last touched some hundred lives ago is far from the processor by now, and to wait for it
 * took a third of an opening's time: so it is fetched one opening ahead, the number itself two. */
static inline void fetch_next(const run_number *number)
{
    const run_number *next = soon_after(number);
    __builtin_prefetch(soon_after(next), 1);
    for (size_t line = LINE; line < sizeof *next; line += LINE) /* both texts: one is its turn */
        __builtin_prefetch((const char *)next + line, 1);
    hf_open_again_soon(run_this_process.table,
                       (hf_handle){__atomic_load_n(&next->handle, __ATOMIC_RELAXED)});
}

static inline void begin_life(const opening *at, const char *what)
{
    run_number *number = at->number;
    run_number_state state = run_word_state(at->word);
    hf_handle before = {__atomic_load_n(&number->handle, __ATOMIC_RELAXED)};
    bool was_chosen = number->origin == RUN_CHOSEN; /* by the kernel, so not a standard one */
    number->life ^= 1;
    char *text = number->what[number->life];
    store_text(text, what);
    if (__builtin_expect(state == RUN_LIVE || state == RUN_UNKNOWN, 0))
        run_closing_replaced(number, at->word, at->origin == RUN_PLACED, at->operation, at->site);
    hf_handle handle = open_handle(at, before, text);
    publish(at, before, handle);
    if (__builtin_expect(at->descriptor <= 2, 0) && at->origin == RUN_CHOSEN && !was_chosen &&
        state == RUN_FREE)
        run_standard_opened(at->descriptor, handle, before, at->operation, at->site);
    run_self.last_closed = -1;
    run_quarantine_seen(at->descriptor);
    fetch_next(number);
}

/* With `inside` set; the library is on. */
HF_HOT static void opened(int descriptor, run_origin origin, const char *operation,
                          const char *what, hf_site site)
{
    opening at = {.number = made(descriptor),
                  .site = site,
                  .operation = operation,
                  .descriptor = descriptor,
                  .origin = origin};
    run_series_break();
    if (at.number == NULL)
        return;
    /* A store before any load: of a page that is new, a load would cost a fault of its own. */
    __atomic_store_n(&at.number->tells, 0, __ATOMIC_RELAXED);
    at.word = run_word_of(at.number);
    begin_life(&at, what);
}

void run_opened(int descriptor, run_origin origin, const char *operation, const char *what, ...)
{
    char text[RUN_WHAT_BYTES] = "";
    va_list arguments;
    if (descriptor < 0 || !run_is_on())
        return;
    int saved = errno;
    run_self.inside++;
    va_start(arguments, what);
    (void)vsnprintf(text, sizeof text, what, arguments);
    va_end(arguments);
    opened(descriptor, origin, operation, text, RUN_CALLER_SITE());
    run_self.inside--;
    errno = saved;
}

HF_HOT void run_opened_path(int descriptor, const char *operation, const char *path)
{
    if (descriptor < 0 || !run_is_on())
        return;
    int *error = &errno;
    int saved = *error;
    run_self.inside++;
    opened(descriptor, RUN_CHOSEN, operation, path, RUN_CALLER_SITE());
    run_self.inside--;
    *error = saved;
}

/* ---- what becomes known later --------------------------------------------------------------- */

void run_note(int descriptor, const char *format, ...)
{
    run_number *number = run_number_of(descriptor);
    va_list arguments;
    if (number == NULL || run_state_of(descriptor) != RUN_LIVE || !run_is_on())
        return;
    int saved = errno;
    char *now = number->what[number->life % 2];
    char text[RUN_WHAT_BYTES];
    size_t length = strnlen(now, RUN_WHAT_BYTES - 1);
    size_t from = length;
    run_self.inside++;
    memcpy(text, now, length);
    if (length > 0 && length < RUN_WHAT_BYTES - 3) {
        from = (size_t)(stpcpy(text + length, ", ") - text);
    }
    va_start(arguments, format);
    (void)vsnprintf(text + from, RUN_WHAT_BYTES - from, format, arguments);
    va_end(arguments);
    store_text(now, text);
    hf_trace_note_text(run_handle_of(descriptor), text + from);
    run_self.inside--;
    errno = saved;
}

void run_set_stream(int descriptor, hf_handle stream)
{
    run_number *number = run_number_of(descriptor);
    if (number != NULL)
        __atomic_store_n(&number->stream, stream.bits, __ATOMIC_RELAXED);
}
