/* The files of the demonstration, and what each of their blocks must contain: found out before
 * anything is closed, by one thread that reads one file after the other. */
#ifndef DEMONSTRATION_SURVEY_H
#define DEMONSTRATION_SURVEY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum {
    BLOCK_BYTES = 16 * 1024,
    BLOCKS_PER_FILE = 64, /* of larger files only the first MiB is used */
    FILES_LIMIT = 10000,
    SURVEY_SECONDS = 10
};
#define SURVEY_BYTES_LIMIT (UINT64_C(512) << 20)

typedef struct survey_file {
    char *path;
    struct stat at_survey;
    uint32_t block_count;
    uint64_t *checksums;   /* of each block */
    _Atomic bool was_read; /* in this pass, correctly */
} survey_file;

typedef struct survey {
    survey_file *files;
    uint32_t count;
    uint32_t unreadable; /* files and directories */
    uint64_t bytes;
    const char *stopped_at; /* the limit that ended it early, or NULL */
} survey;

/* Reads what is below the directory.  False: out of memory. */
bool survey_make(survey *out, const char *directory);
void survey_free(survey *files);

uint64_t survey_checksum(const unsigned char *data, size_t size);

/* Whether `size` bytes with this checksum are the whole of a block of the file. */
bool survey_block_is(const survey_file *file, uint32_t block, size_t size, uint64_t checksum);

/* Whether the file at the path is another now than at the survey, or was written to. */
bool survey_file_changed(const survey_file *file);

/* The file which has such a block at that place, or NULL. */
const survey_file *survey_find(const survey *files, uint32_t block, size_t size, uint64_t checksum);

#endif
