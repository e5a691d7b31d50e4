/* One pass over the files: readers and one closer, in one of the two ways. */
#ifndef DEMONSTRATION_PASS_H
#define DEMONSTRATION_PASS_H

#include "access.h"
#include "shelf.h"
#include "survey.h"

enum { READERS_LIMIT = 64, STEPS_PER_SECOND_LEAST = 300 };

typedef struct pass_plan {
    survey *files;
    uint32_t places;
    unsigned readers;
    unsigned seconds;
    uint64_t seed;
    uint64_t steps; /* of the closer, at which the pass ends; 0: it ends with the seconds */
} pass_plan;

typedef struct pass_result {
    uint64_t counts[TALLY_ITEMS];
    uint64_t files_read;
    const survey_file *asked_for; /* an example of a read that hit the wrong file, or NULL */
    const survey_file *got;
} pass_result;

/* Goes on a little longer where the machine is so busy that the closer has hardly done anything,
 * but never longer than three times the seconds.  False: told why on standard error. */
bool pass_run(const access_way *way, const pass_plan *plan, pass_result *out);

#endif
