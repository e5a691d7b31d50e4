/* Walks a directory in the order of names, so that the same seed means the same schedule.  Stays on
 * one file system and follows no links.  A file that ends before its size says so (those of sysfs
 * do) cannot be told from a changed one and is left out. */
#include "survey.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

/* ---- blocks --------------------------------------------------------------------------------- */

uint64_t survey_checksum(const unsigned char *data, size_t size)
{
    uint64_t sum = UINT64_C(0x9E3779B97F4A7C15) ^ size;
    while (size > 0) {
        uint64_t word = 0;
        size_t length = size < sizeof word ? size : sizeof word;
        memcpy(&word, data, length);
        sum = (sum ^ word) * UINT64_C(0xFF51AFD7ED558CCD);
        sum ^= sum >> 32;
        data += length;
        size -= length;
    }
    return sum;
}

static size_t block_size(const survey_file *file, uint32_t block)
{
    uint64_t rest = (uint64_t)file->at_survey.st_size - (uint64_t)block * BLOCK_BYTES;
    return rest < BLOCK_BYTES ? (size_t)rest : BLOCK_BYTES;
}

bool survey_block_is(const survey_file *file, uint32_t block, size_t size, uint64_t checksum)
{
    return block < file->block_count && size == block_size(file, block) &&
           checksum == file->checksums[block];
}

const survey_file *survey_find(const survey *files, uint32_t block, size_t size, uint64_t checksum)
{
    for (uint32_t i = 0; i < files->count; i++) {
        if (survey_block_is(&files->files[i], block, size, checksum))
            return &files->files[i];
    }
    return NULL;
}

/* ---- one file ------------------------------------------------------------------------------- */

static bool same_time(struct timespec left, struct timespec right)
{
    return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
}

static bool same_file(const struct stat *left, const struct stat *right)
{
    return left->st_dev == right->st_dev && left->st_ino == right->st_ino &&
           left->st_size == right->st_size && same_time(left->st_mtim, right->st_mtim) &&
           same_time(left->st_ctim, right->st_ctim);
}

bool survey_file_changed(const survey_file *file)
{
    struct stat now;
    return lstat(file->path, &now) != 0 || !same_file(&now, &file->at_survey);
}

static bool read_blocks(survey_file *file, int fd)
{
    unsigned char buffer[BLOCK_BYTES];
    for (uint32_t block = 0; block < file->block_count; block++) {
        ssize_t got = pread(fd, buffer, BLOCK_BYTES, (off_t)block * BLOCK_BYTES);
        if (got < 0 || (size_t)got != block_size(file, block))
            return false;
        file->checksums[block] = survey_checksum(buffer, (size_t)got);
    }
    return true;
}

/* Not blocking: what was a file a moment ago may be a pipe now. */
static bool read_file(survey_file *file)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat now;
    if (fd < 0)
        return false;
    bool done = fstat(fd, &now) == 0 && same_file(&now, &file->at_survey) && read_blocks(file, fd);
    close(fd);
    return done;
}

static uint32_t blocks_of(const struct stat *file)
{
    uint64_t blocks = ((uint64_t)file->st_size + BLOCK_BYTES - 1) / BLOCK_BYTES;
    return blocks < BLOCKS_PER_FILE ? (uint32_t)blocks : BLOCKS_PER_FILE;
}

static void free_file(survey_file *file)
{
    free(file->path);
    free(file->checksums);
}

/* Takes a file in, unless it cannot be read.  False: out of memory. */
static bool add_file(survey *to, const char *path, const struct stat *at_survey)
{
    survey_file *file = &to->files[to->count];
    uint32_t blocks = blocks_of(at_survey);
    *file = (survey_file){.at_survey = *at_survey, .block_count = blocks};
    file->path = strdup(path);
    file->checksums = calloc(blocks, sizeof *file->checksums);
    if (file->path == NULL || file->checksums == NULL) {
        free_file(file);
        return false;
    }
    if (!read_file(file)) {
        to->unreadable++;
        free_file(file);
        return true;
    }
    for (uint32_t block = 0; block < blocks; block++)
        to->bytes += block_size(file, block);
    to->count++;
    return true;
}

/* ---- the directory -------------------------------------------------------------------------- */

static const char *limit_reached(const survey *files, double started)
{
    if (files->count == FILES_LIMIT)
        return "10,000 files";
    if (files->bytes >= SURVEY_BYTES_LIMIT)
        return "512 MiB";
    return progress_clock() - started >= SURVEY_SECONDS ? "10 seconds" : NULL;
}

static bool visit(survey *to, const FTSENT *entry)
{
    switch (entry->fts_info) {
    case FTS_F:
        if (!S_ISREG(entry->fts_statp->st_mode) || entry->fts_statp->st_size == 0)
            return true;
        return add_file(to, entry->fts_path, entry->fts_statp);
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        to->unreadable++;
        return true;
    default:
        return true;
    }
}

static int by_name(const FTSENT **left, const FTSENT **right)
{
    return strcmp((*left)->fts_name, (*right)->fts_name);
}

static bool walk(survey *to, FTS *tree)
{
    double started = progress_clock();
    for (;;) {
        errno = 0;
        const FTSENT *entry = fts_read(tree);
        if (entry == NULL)
            return errno != ENOMEM;
        if (entry->fts_info == FTS_DP)
            continue; /* the end of a directory */
        to->stopped_at = limit_reached(to, started);
        if (to->stopped_at != NULL)
            return true;
        if (!visit(to, entry))
            return false;
        progress_survey(to->count);
    }
}

bool survey_make(survey *out, const char *directory)
{
    char *root = strdup(directory);
    char *const roots[] = {root, NULL};
    *out = (survey){.files = calloc(FILES_LIMIT, sizeof(survey_file))};
    FTS *tree = NULL;
    if (root != NULL && out->files != NULL)
        tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_XDEV | FTS_NOCHDIR, by_name);
    bool done = tree != NULL && walk(out, tree);
    if (tree != NULL)
        fts_close(tree);
    free(root);
    return done;
}

void survey_free(survey *files)
{
    for (uint32_t i = 0; i < files->count; i++)
        free_file(&files->files[i]);
    free(files->files);
}
