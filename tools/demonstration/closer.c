/* The closer takes a file from a random place of the shelf, closes it and puts another there.  It
 * remembers what it closed, and makes three mistakes with it, each of which programs are known for:
 * it closes a file twice in a row; it closes, much later, what it closed before; it reads through
 * what it closed before.  What it does depends on the seed only. */
#include <time.h>

#include "random.h"
#include "worker.h"

enum { STALE_COPIES = 32 };

typedef struct memory {
    shelf_copy copies[STALE_COPIES];
} memory;

static void close_twice(worker *self, shelf_copy copy)
{
    self->pass->way->close(copy.name, true, &self->counts);
}

static void close_stale_copy(worker *self, shelf_copy stale)
{
    self->pass->way->close(stale.name, true, &self->counts);
}

static void read_stale_copy(worker *self, shelf_copy stale)
{
    (void)worker_read(self, stale, 0);
}

/* Of a hundred steps one closes twice, one closes a stale copy, two read through one; the others
 * remember what they closed. */
static void step(worker *self, memory *stale)
{
    uint32_t place = random_below(&self->random, self->pass->shelf.count);
    uint32_t mistake = random_below(&self->random, 100);
    shelf_copy *old = &stale->copies[random_below(&self->random, STALE_COPIES)];
    shelf_copy copy = shelf_look(&self->pass->shelf, place);
    if (copy.file != NULL) {
        self->pass->way->close(copy.name, false, &self->counts);
        if (mistake == 0)
            close_twice(self, copy);
    }
    worker_open(self, place);
    if (old->file == NULL || mistake > 3)
        *old = copy;
    else if (mistake == 1)
        close_stale_copy(self, *old);
    else if (mistake != 0)
        read_stale_copy(self, *old);
    tally_add(&self->counts, TALLY_STEPS, 1);
}

void *closer_run(void *context)
{
    worker *self = context;
    memory stale = {0};
    static const struct timespec pause = {.tv_nsec = 100 * 1000};
    pthread_setname_np(pthread_self(), "closer");
    while (!pass_has_ended(self->pass)) {
        step(self, &stale);
        if (tally_get(&self->counts, TALLY_STEPS) == self->pass->plan->steps)
            pass_end(self->pass);
        nanosleep(&pause, NULL);
    }
    return NULL;
}
