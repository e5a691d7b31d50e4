/* A reader copies what a place of the shelf says, and reads the file through its copy.  It makes no
 * mistake of its own: that the file may be closed meanwhile is what happens to it. */
#include <sched.h>
#include <stdio.h>

#include "random.h"
#include "worker.h"

/* Of a large file: so that no thread stays with it for long. */
enum { BLOCKS_AT_ONCE = 8 };

static void read_file(worker *self, shelf_copy copy)
{
    for (uint32_t block = 0; block < copy.file->block_count && block < BLOCKS_AT_ONCE; block++) {
        if (!worker_read(self, copy, block))
            return;
    }
}

void *reader_run(void *context)
{
    worker *self = context;
    char name[16];
    snprintf(name, sizeof name, "reader %u", self->number);
    pthread_setname_np(pthread_self(), name);
    while (!pass_has_ended(self->pass)) {
        shelf *from = &self->pass->shelf;
        shelf_copy copy = shelf_look(from, random_below(&self->random, from->count));
        if (copy.file != NULL)
            read_file(self, copy);
        else
            sched_yield();
    }
    return NULL;
}
