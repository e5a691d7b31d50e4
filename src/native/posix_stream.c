/* Streams.  fclose writes what is still buffered, so it is where a full disk shows; whatever it
 * answers, the FILE is gone: also after EBADF, when somebody closed the descriptor beneath it. */
#include <holdfast/posix.h>

#include <errno.h>

extern inline hf_value hf_stream_value(FILE *stream);
extern inline FILE *hf_value_stream(hf_value value);

hf_namespace hf_namespace_stream = HF_NAMESPACE_INIT("stream", HF_VALUES_SPARSE);

static hf_outcome stream_release(hf_value value, void *context, int32_t *error)
{
    (void)context;
    int saved = errno;
    errno = 0; /* a stream of one's own (fopencookie) may fail without a reason */
    bool closed = fclose(hf_value_stream(value)) == 0;
    *error = closed ? 0 : errno;
    errno = saved;
    return closed ? HF_OUTCOME_RELEASED : HF_OUTCOME_RELEASED_WITH_ERROR;
}

/* What is buffered is written, if nobody holds the stream's lock; the FILE stays: to close it takes
 * the lock of the list of all streams, whose owner may be gone.  (exit flushes streams as well, but
 * tells nobody what it could not write; quick_exit does not.) */
static hf_outcome stream_release_at_exit(hf_value value, void *context, int32_t *error)
{
    FILE *stream = hf_value_stream(value);
    (void)context;
    if (ftrylockfile(stream) != 0) {
        *error = EBUSY;
        return HF_OUTCOME_NOT_RELEASED;
    }
    int saved = errno;
    errno = 0;
    bool flushed = fflush_unlocked(stream) == 0;
    *error = flushed ? 0 : errno;
    errno = saved;
    funlockfile(stream);
    return flushed ? HF_OUTCOME_RELEASED : HF_OUTCOME_RELEASED_WITH_ERROR;
}

const hf_type hf_type_stream = {.size = sizeof(hf_type),
                                .flags = HF_TYPE_FLUSH_AT_EXIT,
                                .name = "stream",
                                .name_space = &hf_namespace_stream,
                                .release = stream_release,
                                .release_at_exit = stream_release_at_exit};
