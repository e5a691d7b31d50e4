/* What readers and closer have in common. */
#include "worker.h"

void worker_open(worker *self, uint32_t place)
{
    survey *files = self->pass->plan->files;
    shelf_copy copy = {.file = &files->files[self->next_file]};
    self->next_file = (self->next_file + 1) % files->count;
    if (!self->pass->way->open(copy.file->path, &copy.name)) {
        tally_add(&self->counts, TALLY_OPENS_FAILED, 1);
        copy = (shelf_copy){.file = NULL};
    }
    shelf_put(&self->pass->shelf, place, copy);
}

/* Only the first: the search takes long. */
static void keep_example(pass *of, const survey_file *asked_for, uint32_t block, size_t size,
                         uint64_t checksum)
{
    pthread_mutex_lock(&of->example.lock);
    if (of->example.asked_for == NULL) {
        of->example.got = survey_find(of->plan->files, block, size, checksum);
        if (of->example.got != NULL)
            of->example.asked_for = asked_for;
    }
    pthread_mutex_unlock(&of->example.lock);
}

/* The data decides, not the descriptor: it is wrong if it is not what the file contained before,
 * and contains still. */
static void judge(worker *self, survey_file *file, uint32_t block, size_t size)
{
    uint64_t checksum = survey_checksum(self->buffer, size);
    if (survey_block_is(file, block, size, checksum)) {
        atomic_store_explicit(&file->was_read, true, memory_order_relaxed);
        return;
    }
    if (survey_file_changed(file)) {
        tally_add(&self->counts, TALLY_READS_CHANGED, 1);
        return;
    }
    tally_add(&self->counts, TALLY_READS_WRONG, 1);
    keep_example(self->pass, file, block, size, checksum);
}

bool worker_read(worker *self, shelf_copy copy, uint32_t block)
{
    off_t offset = (off_t)block * BLOCK_BYTES;
    ssize_t got =
        self->pass->way->read(copy.name, self->buffer, BLOCK_BYTES, offset, &self->counts);
    if (got < 0)
        return false;
    tally_add(&self->counts, TALLY_READS, 1);
    tally_add(&self->counts, TALLY_BYTES, (uint64_t)got);
    judge(self, copy.file, block, (size_t)got);
    return true;
}
