/* Where options are applied: a directory of its own that is emptied after each input, with standard
 * error in a file, so that an input neither leaves files about nor floods anybody. */
#ifndef FUZZ_OPTIONS_SCENE_H
#define FUZZ_OPTIONS_SCENE_H

#include <stdbool.h>
#include <stddef.h>

/* The directory's path, without symbolic links. */
const char *scene_path(void);

void scene_begin(void);

/* Back to the caller's directory and standard error; may be repeated. */
void scene_end(void);

/* How much was written to standard error since scene_begin. */
size_t scene_told(void);

/* Writes and reads files of the directory.  Answers the length, -1 if it cannot be read. */
void scene_write(const char *name, const char *text, size_t length);
size_t scene_size(const char *name);
long scene_read(const char *name, char *text, size_t size);

#endif
