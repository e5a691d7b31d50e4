/* The open files that the threads share: a row of places, each with a file and its name.  The lock
 * makes a copy whole; it does not keep the file open while the copy is used, which is what goes
 * wrong in programs. */
#ifndef DEMONSTRATION_SHELF_H
#define DEMONSTRATION_SHELF_H

#include <pthread.h>

#include "access.h"
#include "survey.h"

enum { SHELF_PLACES = 64 };

/* What a thread copies, believes and uses. */
typedef struct shelf_copy {
    survey_file *file; /* NULL: an empty place */
    access_name name;
} shelf_copy;

typedef struct shelf {
    pthread_mutex_t lock;
    uint32_t count;
    shelf_copy places[SHELF_PLACES];
} shelf;

static inline shelf_copy shelf_look(shelf *from, uint32_t place)
{
    pthread_mutex_lock(&from->lock);
    shelf_copy copy = from->places[place];
    pthread_mutex_unlock(&from->lock);
    return copy;
}

static inline void shelf_put(shelf *to, uint32_t place, shelf_copy copy)
{
    pthread_mutex_lock(&to->lock);
    to->places[place] = copy;
    pthread_mutex_unlock(&to->lock);
}

#endif
