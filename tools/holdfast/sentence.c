/* Sentences: which number, what it was, and what was done with it.  The library's own are about
 * handles and tables; a hunter in somebody else's program knows descriptors and streams. */
#include "sentence.h"

#include <inttypes.h>
#include <string.h>

#include "escape.h"
#include "report/kinds.h"

void sentence_put_party(FILE *to, const finding_party *party)
{
    bool is_number = party->value < 65536;
    escape_plain(to, party->type[0] != '\0' ? party->type : "handle");
    /* Descriptors are written as people know them, pointers as such. */
    fprintf(to, is_number ? " %" PRIu64 : " 0x%" PRIx64, party->value);
    if (party->label[0] != '\0') {
        (void)fputs(" (", to);
        escape_plain(to, party->label);
        (void)fputc(')', to);
    }
}

static void put_thread(FILE *to, const finding_moment *moment)
{
    if (moment->thread == 0) {
        (void)fputs("another thread", to);
        return;
    }
    fprintf(to, "thread %" PRIu64, moment->thread);
    if (moment->thread_name[0] != '\0') {
        (void)fputs(" (", to);
        escape_plain(to, moment->thread_name);
        (void)fputc(')', to);
    }
}

/* "closed again by fclose", "used by read" */
static bool is_close(const char *operation)
{
    static const char *const closes[] = {"close",     "fclose",    "closedir",    "pclose",
                                         "fcloseall", "closefrom", "close_range", "freopen"};
    for (size_t i = 0; i < sizeof closes / sizeof closes[0]; i++) {
        if (strcmp(operation, closes[i]) == 0)
            return true;
    }
    return false;
}

static void put_by(FILE *to, const finding *of)
{
    if (of->operation[0] != '\0') {
        (void)fputs(" by ", to);
        escape_plain(to, of->operation);
    }
}

static void put_double_close(FILE *to, const finding *of)
{
    sentence_put_party(to, &of->subject);
    (void)fputs(" was closed twice", to);
}

static void put_stale_use(FILE *to, const finding *of)
{
    sentence_put_party(to, &of->subject);
    (void)fputs(" was used", to);
    put_by(to, of);
    (void)fputs(" after it was closed", to);
}

static void put_handle_reuse(FILE *to, const finding *of)
{
    sentence_put_party(to, &of->subject);
    (void)fputs(is_close(of->operation) ? " was closed again" : " was used", to);
    put_by(to, of);
    (void)fputs(is_close(of->operation) ? "" : " after it was closed", to);
    if (of->other.handle != 0) {
        (void)fputs(", and hit ", to);
        sentence_put_party(to, &of->other);
        (void)fputs(", which somebody else opened", to);
    }
}

/* The stream was closed after its descriptor, or the descriptor behind the stream's back. */
static void put_foreign_close(FILE *to, const finding *of)
{
    bool by_stream = is_close(of->operation) && strcmp(of->operation, "close") != 0;
    if (of->other.handle == 0 || !by_stream) {
        sentence_put_party(to, &of->subject);
        (void)fputs(" was closed", to);
        put_by(to, of);
        if (of->other.handle != 0) {
            (void)fputs(", but belongs to ", to);
            sentence_put_party(to, &of->other);
        }
        return;
    }
    sentence_put_party(to, &of->other);
    (void)fputs(" was closed", to);
    put_by(to, of);
    (void)fputs(", but its ", to);
    sentence_put_party(to, &of->subject);
    (void)fputs(" had been closed before", to);
}

static void put_close_during_use(FILE *to, const finding *of)
{
    sentence_put_party(to, &of->subject);
    (void)fputs(" was closed while ", to);
    put_thread(to, &of->holder);
    (void)fputs(" was inside ", to);
    escape_plain(to, of->holder_operation[0] != '\0' ? of->holder_operation : "a call");
    (void)fputs(" on it", to);
}

static void put_clobber(FILE *to, const finding *of)
{
    sentence_put_party(to, &of->subject);
    (void)fputs(" was replaced", to);
    put_by(to, of);
    if (of->other.handle != 0) {
        (void)fputs(", but belongs to ", to);
        sentence_put_party(to, &of->other);
    } else {
        (void)fputs(", but somebody else had opened it", to);
    }
}

static void put_standard_descriptor(FILE *to, const finding *of)
{
    static const char *const names[] = {"standard input", "standard output", "standard error"};
    fprintf(to, "descriptor %" PRIu64 " (%s) was closed", of->subject.value,
            of->subject.value < 3 ? names[of->subject.value] : "?");
    (void)fputs(", and then something else was opened there", to);
    put_by(to, of);
    const finding_party *opened = of->other.handle != 0 ? &of->other : &of->subject;
    if (opened->label[0] != '\0') {
        (void)fputs(": ", to);
        escape_plain(to, opened->label);
    }
}

static void put_leak(FILE *to, const finding *of)
{
    sentence_put_party(to, &of->subject);
    if (of->handles > 1)
        fprintf(to, " and %" PRIu32 " more opened there were", of->handles - 1);
    else
        (void)fputs(" was", to);
    (void)fputs(" never closed", to);
}

typedef struct words {
    void (*write)(FILE *to, const finding *of);
    const char *advice;
} words;

static const words words_of[HF_REPORT_KIND_COUNT] = {
    [HF_REPORT_DOUBLE_CLOSE] = {put_double_close,
                                "decide who owns the descriptor; only the owner closes it, once"},
    [HF_REPORT_STALE_USE] = {put_stale_use, "close it only after its last user is done"},
    [HF_REPORT_HANDLE_REUSE] = {put_handle_reuse,
                                "the number was kept after the close and meant another file by "
                                "then; find who kept it"},
    [HF_REPORT_FOREIGN_CLOSE] = {put_foreign_close,
                                 "close a stream only by fclose, a directory only by closedir"},
    [HF_REPORT_CLOSE_DURING_USE] = {put_close_during_use, NULL},
    [HF_REPORT_CLOBBER] = {put_clobber, NULL},
    [HF_REPORT_STANDARD_DESCRIPTOR] = {put_standard_descriptor, NULL},
    [HF_REPORT_LEAK] = {put_leak, NULL},
};

void sentence_write(FILE *to, const finding *of)
{
    const words *chosen = &words_of[of->kind];
    if (of->in_tool && chosen->write != NULL) {
        chosen->write(to, of);
        return;
    }
    (void)fputs(hf_kind_message(of->kind), to);
    if (of->subject.handle != 0) {
        (void)fputs(": ", to);
        sentence_put_party(to, &of->subject);
    }
}

const char *sentence_advice(const finding *of)
{
    const char *own = of->in_tool ? words_of[of->kind].advice : NULL;
    return own != NULL ? own : hf_kind_advice(of->kind);
}
