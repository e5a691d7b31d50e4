/* dup2 and dup3: what the program puts onto a number of its choice.
 *
 * The life that is there goes on until the system call has succeeded, and is ended by run_opened;
 * only what is holdfast's own must give way before. */
#include <errno.h>

#include "kernel.h"
#include "numbers.h"
#include "quarantine.h"
#include "self.h"

/* The number whose tombstone this thread has taken the mark of, until it is replaced. */
static __thread int taken __attribute__((tls_model("initial-exec"))) = -1;

void run_placing(int descriptor)
{
    run_number *number = run_number_of(descriptor);
    if (number == NULL || !run_has_numbers())
        return;
    uint32_t word = run_word_of(number);
    switch (run_word_state(word)) {
    case RUN_OWN:
        (void)run_word_move(number, word, RUN_UNKNOWN);
        break;
    case RUN_TOMB:
    case RUN_LEAVING:
        taken = run_quarantine_take(descriptor) ? descriptor : -1;
        break;
    default:
        break;
    }
}

/* The tombstone is still there, and nobody else knows it for one. */
void run_not_placed(int descriptor)
{
    if (taken != descriptor || descriptor < 0)
        return;
    int saved = errno;
    taken = -1;
    run_self.inside++;
    (void)run_kernel_close(descriptor);
    run_self.inside--;
    errno = saved;
}
