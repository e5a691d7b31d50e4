/* A table, and all that a thread may do with it while another one stands still in it for ever. */
#ifndef TESTS_ADVERSITY_OTHERS_H
#define TESTS_ADVERSITY_OTHERS_H

#include "fake.h"
#include "stepper.h"

enum { BYSTANDERS = 3, VALUES = 256 };

/* What a process of the stepper has.  Filled by others_prepare, in the process. */
typedef struct crowd {
    fake_world *world;
    hf_table *table;
    hf_handle subject;     /* what the first thread is at: the others leave it alone at first */
    hf_handle cold;        /* bystanders: counted, */
    hf_handle hot;         /* in hazard mode, */
    hf_handle warm;        /* about to be promoted, */
    hf_handle closed;      /* closed */
    hf_table *other_table; /* and one that only the others know */
} crowd;

extern crowd all;

/* Makes the table and the bystanders. */
void others_prepare(const hf_table_options *options);

/* A handle of the table; the type is fake_kind.  `label` NULL: without a cold record. */
hf_handle others_open(fake_kind kind, const char *label);
void others_heat(hf_handle handle, unsigned uses);

/* Every operation once, so that what a thread or a process does the first time is done. */
void others_meet(void);

/* Every operation on every other handle, on another table, with findings. */
void others_elsewhere(void);

/* A thread that comes, enters and goes.  (The C library takes locks for that.) */
void others_thread(void);

/* Every operation on the subject, which may be refused but must be answered; in the end it is
 * closed. */
void others_on_subject(void);

#endif
