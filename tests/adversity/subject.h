/* What the first thread does with the subject of others.h: operations for the stepper. */
#ifndef TESTS_ADVERSITY_SUBJECT_H
#define TESTS_ADVERSITY_SUBJECT_H

#include <holdfast/holdfast.h>

extern hf_region subject_region;
extern hf_status subject_entered; /* what entering answered */

void subject_enter(void);
void subject_leave(void);
void subject_close(void);

#endif
