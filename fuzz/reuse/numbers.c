/* What the two kinds of namespaces have in common is a book of who is what.  The simulated one is
 * the book; with descriptors the book is compared with the kernel. */
#include "numbers.h"

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <holdfast/posix.h>

enum { SIMULATED = 32, DESCRIPTORS = 512, CALLS = 32 };

typedef struct number {
    uint64_t object;    /* after all that is expected; 0: not open */
    uint64_t simulated; /* now; 0: not open */
    uint64_t freed;     /* when */
    dev_t device;       /* of a descriptor */
    ino_t inode;
} number;

static struct {
    numbers_options options;
    number numbers[DESCRIPTORS];
    uint64_t objects; /* so far */
    uint64_t clock;
    uint64_t random;
    hf_value expected[CALLS];
    unsigned expected_count;
    unsigned released;
    unsigned duplicates; /* not yet expected */
} book;

static hf_namespace small_numbers = HF_NAMESPACE_INIT("numbers", HF_VALUES_SMALL);
static hf_namespace sparse_numbers = HF_NAMESPACE_INIT("sparse numbers", HF_VALUES_SPARSE);

static number *number_of(hf_value value)
{
    hf_value index = book.options.real ? value : value - book.options.first;
    if (index >= (book.options.real ? DESCRIPTORS : SIMULATED))
        fuzz_fail("value %#zx was never handed out", (size_t)value);
    return &book.numbers[index];
}

static hf_value value_of(const number *which)
{
    return book.options.first + (hf_value)(which - book.numbers);
}

uint64_t numbers_object(hf_value value)
{
    return number_of(value)->object;
}

/* ---- the simulated ones --------------------------------------------------------------------- */

static uint64_t next_random(void)
{
    uint64_t z = (book.random += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return z ^ (z >> 29);
}

/* Whether `one` is handed out before `two`. */
static bool is_sooner(const number *one, const number *two)
{
    return book.options.order == NUMBERS_LATEST ? one->freed < two->freed : one < two;
}

/* The number that is handed out next, NULL if there is none. */
static number *choose(void)
{
    number *best = NULL;
    uint64_t count = 0;
    for (number *each = book.numbers; each < book.numbers + SIMULATED; each++) {
        if (each->simulated != 0 || book.options.is_kept(value_of(each)))
            continue;
        count++;
        bool random = book.options.order == NUMBERS_RANDOM && next_random() % count == 0;
        if (best == NULL || random ||
            (book.options.order != NUMBERS_RANDOM && is_sooner(each, best)))
            best = each;
    }
    return best;
}

static hf_value simulate_open(uint64_t object)
{
    number *chosen = choose();
    if (chosen == NULL)
        fuzz_fail("no number is left");
    chosen->object = chosen->simulated = object;
    return value_of(chosen);
}

/* Who closes here must have been expected to, whatever the number is now. */
static hf_outcome simulated_release(hf_value value, void *context, int32_t *error)
{
    number *which = number_of(value);
    (void)context;
    if (book.released == book.expected_count || book.expected[book.released] != value)
        fuzz_fail("number %#zx is released, and should not be", (size_t)value);
    book.released++;
    *error = which->simulated != 0 ? 0 : EBADF;
    which->simulated = 0;
    which->freed = ++book.clock;
    return *error == 0 ? HF_OUTCOME_RELEASED : HF_OUTCOME_NOT_RELEASED;
}

static hf_status simulated_duplicate(hf_value value, void *context, hf_value *out)
{
    uint64_t object = number_of(value)->simulated;
    (void)context;
    book.duplicates++;
    *out = simulate_open(book.options.shares && object != 0 ? object : ++book.objects);
    return HF_OK;
}

/* In which word two identities differ depends on the objects: all must be compared. */
static bool simulated_identify(hf_value value, void *context, hf_identity *out)
{
    uint64_t object = number_of(value)->simulated;
    uint64_t words[3] = {0, 0, 0};
    (void)context;
    words[object % 3] = object;
    *out = (hf_identity){.device = words[0], .object = words[1], .kind = words[2]};
    return object != 0;
}

#define SIMULATED_TYPES(space)                      \
    {                                               \
        {.size = sizeof(hf_type),                   \
         .name = "copied",                          \
         .name_space = &(space),                    \
         .release = simulated_release,              \
         .duplicate = simulated_duplicate,          \
         .identify = simulated_identify},           \
            {.size = sizeof(hf_type),               \
             .flags = HF_TYPE_ADMIT_UNTIL_RELEASED, \
             .name = "admitting",                   \
             .name_space = &(space),                \
             .release = simulated_release,          \
             .identify = simulated_identify},       \
            {.size = sizeof(hf_type),               \
             .name = "anonymous",                   \
             .name_space = &(space),                \
             .release = simulated_release},         \
    }
static const hf_type small_types[NUMBER_TYPES] = SIMULATED_TYPES(small_numbers);
static const hf_type sparse_types[NUMBER_TYPES] = SIMULATED_TYPES(sparse_numbers);

/* ---- descriptors ---------------------------------------------------------------------------- */

/* Notes who a descriptor is now.  All duplicates of one file are one object. */
static hf_value note_descriptor(int fd, uint64_t object)
{
    struct stat file;
    if (fd < 0 || fd >= DESCRIPTORS || fstat(fd, &file) != 0)
        fuzz_fail("no descriptor could be made: %s", strerror(errno));
    book.numbers[fd] = (number){.object = object, .device = file.st_dev, .inode = file.st_ino};
    return (hf_value)fd;
}

static int open_descriptor(void)
{
    int ends[2];
    if (next_random() % 2 == 0)
        return memfd_create("reuse", MFD_CLOEXEC);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    close(ends[1]);
    return ends[0];
}

static void check_descriptor(int fd, const number *which)
{
    struct stat file;
    if (which->object != 0 &&
        (fstat(fd, &file) != 0 || file.st_dev != which->device || file.st_ino != which->inode))
        fuzz_fail("descriptor %d of an innocent owner was closed", fd);
}

static void check_descriptors(void)
{
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        check_descriptor(fd, &book.numbers[fd]);
    for (unsigned i = 0; i < book.expected_count; i++)
        if (fcntl((int)book.expected[i], F_GETFD) != -1)
            fuzz_fail("descriptor %d was not released", (int)book.expected[i]);
}

/* ---- both ----------------------------------------------------------------------------------- */

const hf_type *numbers_type(unsigned which)
{
    const hf_type *const real[NUMBER_TYPES] = {&hf_type_fd, &hf_type_socket, &hf_type_pidfd};
    if (book.options.real)
        return real[which];
    return book.options.sparse ? &sparse_types[which] : &small_types[which];
}

void numbers_start(const numbers_options *options)
{
    memset(&book, 0, sizeof(book));
    book.options = *options;
    book.random = options->seed;
    if (options->real)
        book.options.first = 0;
}

void numbers_end(void)
{
    for (int fd = 0; book.options.real && fd < DESCRIPTORS; fd++)
        if (book.numbers[fd].object != 0)
            close(fd);
    if (small_numbers.untracked + sparse_numbers.untracked != 0)
        fuzz_fail("a handle was not tracked, although there was room");
}

bool numbers_available(void)
{
    return book.options.real || choose() != NULL;
}

hf_value numbers_obtain(void)
{
    uint64_t object = ++book.objects;
    return book.options.real ? note_descriptor(open_descriptor(), object) : simulate_open(object);
}

void numbers_close(hf_value value)
{
    number *which = number_of(value);
    if (which->object != 0 && book.options.real)
        close((int)value);
    which->object = which->simulated = 0;
    which->freed = ++book.clock;
}

void numbers_expect_release(hf_value value)
{
    if (book.expected_count == CALLS)
        fuzz_fail("too many releases in one step");
    book.expected[book.expected_count++] = value;
    number_of(value)->object = 0;
}

void numbers_expect_duplicate(hf_value of, hf_value value)
{
    if (book.options.real)
        (void)note_descriptor((int)value, numbers_object(of));
    else if (book.duplicates-- == 0)
        fuzz_fail("a duplicate was not made by the type");
}

void numbers_check(void)
{
    if (book.options.real)
        check_descriptors();
    else if (book.released != book.expected_count)
        fuzz_fail("number %#zx was not released", (size_t)book.expected[book.released]);
    if (book.duplicates != 0)
        fuzz_fail("a duplicate was made in vain");
    book.expected_count = book.released = 0;
}
