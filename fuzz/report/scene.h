/* Where the reports of an input go, and how many of them came there. */
#ifndef REPORT_SCENE_H
#define REPORT_SCENE_H

#include <holdfast/report.h>

/* Once, before the first input. */
void scene_prepare(void);

/* Sets options, and an empty log file. */
void scene_start(uint8_t options, uint8_t depth);
void scene_end(void);

/* From now on up to scene_found nothing can be written to the log: it goes to standard error, which
 * is a file of the harness meanwhile. */
void scene_lose_log(void);

/* Has findings of kinds whose names begin as `glob` does suppressed, or (NULL) none. */
void scene_suppress(const char *glob);

/* How many reports were written since the last time; each is whole and well-formed. */
unsigned scene_found(void);

#endif
