#include "things.h"

#include "harness.h"
#include "world.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { COOKIES = 64, MAPPINGS = 64 };

typedef struct cookie {
    stream_plan plan;
    unsigned closed;
    unsigned expected;
} cookie;

typedef struct span {
    char *address;
    size_t length;
    bool mapped;
} span;

static cookie cookies[COOKIES];
static int cookie_count;
static span spans[MAPPINGS];
static int span_count;
static unsigned objects; /* how often the C library is open by dlopen */
static int directory = -1;

/* ---- streams of the harness's own ----------------------------------------------------------- */

static ssize_t cookie_write(void *which, const char *bytes, size_t size)
{
    const cookie *own = which;
    (void)bytes;
    if (own->plan != STREAM_UNWRITABLE)
        return (ssize_t)size;
    errno = EIO;
    return 0;
}

static int cookie_close(void *which)
{
    cookie *own = which;
    own->closed++;
    return own->plan == STREAM_SULKY ? -1 : 0;
}

static FILE *open_cookie(stream_plan plan, thing *out)
{
    cookie_io_functions_t functions = {.write = cookie_write, .close = cookie_close};
    if (cookie_count == COOKIES)
        return NULL;
    out->cookie = cookie_count++;
    cookies[out->cookie] = (cookie){.plan = plan};
    return fopencookie(&cookies[out->cookie], "w", functions);
}

static FILE *open_file(stream_plan plan, thing *out)
{
    out->fd = plan == STREAM_FULL ? open("/dev/full", O_WRONLY | O_CLOEXEC)
                                  : memfd_create("stream", MFD_CLOEXEC);
    world_note_beneath(out->fd);
    return fdopen(out->fd, "w");
}

/* ThreadSanitizer's fclose asks for the stream's descriptor, which leaves a reason where there is
 * none. */
static stream_plan plan_of(unsigned choice)
{
    stream_plan plan = (stream_plan)(choice % STREAM_PLANS);
#ifdef HF_TSAN_BUILD_
    if (plan == STREAM_SULKY)
        plan = STREAM_QUIET;
#endif
    return plan;
}

hf_value things_open_stream(unsigned choice, thing *out)
{
    stream_plan plan = plan_of(choice);
    *out = (thing){.fd = -1, .cookie = -1, .plan = plan};
    FILE *stream = plan < STREAM_FULL ? open_cookie(plan, out) : open_file(plan, out);
    if (stream == NULL)
        return 0;
    if (plan != STREAM_QUIET && plan != STREAM_SULKY)
        (void)fputs("pending", stream);
    return hf_stream_value(stream);
}

static int32_t error_of(stream_plan plan)
{
    return plan == STREAM_UNWRITABLE ? EIO : plan == STREAM_FULL ? ENOSPC : 0;
}

hf_outcome things_release_stream(thing *which, int32_t *error)
{
    bool beneath = which->fd >= 0 && !world_is_open(which->fd);
    bool fails = beneath || which->plan == STREAM_SULKY || error_of(which->plan) != 0;
    *error = beneath ? EBADF : error_of(which->plan);
    if (which->cookie >= 0)
        cookies[which->cookie].expected++;
    else
        world_expect_end(which->fd);
    return fails ? HF_OUTCOME_RELEASED_WITH_ERROR : HF_OUTCOME_RELEASED;
}

/* ---- the others ----------------------------------------------------------------------------- */

/* A directory of one's own, without a name by the time that anybody looks. */
void things_prepare(void)
{
    char path[] = "/tmp/holdfast-posix-XXXXXX";
    if (mkdtemp(path) == NULL)
        fuzz_fail("mkdtemp: %s", strerror(errno));
    directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    (void)rmdir(path);
}

hf_value things_open_directory(thing *out)
{
    *out = (thing){.fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), .cookie = -1};
    world_note_beneath(out->fd);
    return hf_dir_value(fdopendir(out->fd));
}

hf_outcome things_release_directory(thing *which, int32_t *error)
{
    *error = world_is_open(which->fd) ? 0 : EBADF;
    world_expect_end(which->fd);
    return *error == 0 ? HF_OUTCOME_RELEASED : HF_OUTCOME_RELEASED_WITH_ERROR;
}

void things_close_beneath(const thing *which)
{
    world_close(which->fd);
}

/* The C library stays where it is, so one dlclose too many does no harm. */
hf_value things_open_object(void)
{
    void *object = dlopen("libc.so.6", RTLD_NOW);
    if (object == NULL)
        fuzz_fail("dlopen: %s", dlerror());
    objects++;
    return (hf_value)object;
}

hf_outcome things_release_object(void)
{
    if (objects == 0)
        return HF_OUTCOME_NOT_RELEASED;
    objects--;
    return HF_OUTCOME_RELEASED;
}

/* An address in the middle of a page is refused by munmap: EINVAL. */
void things_map(unsigned choice, thing *out)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t length = page * (1 + choice / 2 % 3);
    if (span_count == MAPPINGS)
        fuzz_fail("too many mappings");
    char *address = mmap(NULL, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED)
        fuzz_fail("mmap: %s", strerror(errno));
    spans[span_count] = (span){address, length, true};
    *out = (thing){
        .fd = -1, .cookie = span_count++, .address = address + choice % 2, .length = length};
}

hf_outcome things_release_mapping(thing *which, int32_t *error)
{
    span *mapped = &spans[which->cookie];
    bool good = which->address == (void *)mapped->address;
    *error = good ? 0 : EINVAL;
    mapped->mapped = !good;
    return good ? HF_OUTCOME_RELEASED : HF_OUTCOME_NOT_RELEASED;
}

/* ---- all ------------------------------------------------------------------------------------ */

void things_start(void)
{
    cookie_count = span_count = 0;
}

/* Somebody else may have been given the place of what is not mapped any more. */
void things_check(void)
{
    for (int i = 0; i < cookie_count; i++)
        if (cookies[i].closed != cookies[i].expected)
            fuzz_fail("a stream was closed %u times instead of %u", cookies[i].closed,
                      cookies[i].expected);
    for (int i = 0; i < span_count; i++)
        if (spans[i].mapped && msync(spans[i].address, spans[i].length, MS_ASYNC) != 0)
            fuzz_fail("a mapping of an innocent owner is gone");
}

void things_end(void)
{
    for (int i = 0; i < span_count; i++)
        if (spans[i].mapped)
            (void)munmap(spans[i].address, spans[i].length);
    if (objects != 0)
        fuzz_fail("a shared object is open %u times too often", objects);
}

/* ---- flushing at exit ----------------------------------------------------------------------- */

typedef struct keeper {
    FILE *stream;
    pthread_barrier_t both;
} keeper;

/* Has the stream's lock from the first meeting to the second. */
static void *keep(void *which)
{
    keeper *own = which;
    flockfile(own->stream);
    (void)pthread_barrier_wait(&own->both);
    (void)pthread_barrier_wait(&own->both);
    funlockfile(own->stream);
    return NULL;
}

static hf_outcome exit_release(FILE *stream, int32_t *error)
{
    return hf_type_stream.release_at_exit(hf_stream_value(stream), hf_type_stream.context, error);
}

static void try_locked(FILE *stream)
{
    keeper own = {.stream = stream};
    pthread_t thread;
    int32_t error = 0;
    (void)pthread_barrier_init(&own.both, NULL, 2);
    if (pthread_create(&thread, NULL, keep, &own) != 0)
        fuzz_fail("no thread could be started");
    (void)pthread_barrier_wait(&own.both);
    hf_outcome outcome = exit_release(stream, &error);
    (void)pthread_barrier_wait(&own.both);
    (void)pthread_join(thread, NULL);
    (void)pthread_barrier_destroy(&own.both);
    if (outcome != HF_OUTCOME_NOT_RELEASED || error != EBUSY)
        fuzz_fail("a locked stream is flushed at exit");
}

void things_try_exit(unsigned choice, bool locked)
{
    thing which;
    int32_t error = 0;
    FILE *stream = hf_value_stream(things_open_stream(choice, &which));
    if (stream == NULL)
        return;
    if (locked)
        try_locked(stream);
    int32_t expected = error_of(which.plan);
    hf_outcome outcome = exit_release(stream, &error);
    if (outcome != (expected != 0 ? HF_OUTCOME_RELEASED_WITH_ERROR : HF_OUTCOME_RELEASED) ||
        error != expected)
        fuzz_fail("at exit a stream of plan %d answers %d, error %d", (int)which.plan, (int)outcome,
                  (int)error);
    if (which.cookie >= 0)
        cookies[which.cookie].expected++;
    else
        world_expect_end(which.fd);
    (void)fclose(stream);
}
