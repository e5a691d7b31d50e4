/* For suites of several files: the world of fake values, and the table and the handle that the
 * tests, their callbacks and their threads share. */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "fixture.h"

extern fake_world *world;
extern hf_table *the_table;
extern hf_handle the_handle;

/* Collects reports from now on, and makes a world.  There is no table yet. */
void stage_make(void);

/* Makes the table, and opens the handle in it. */
void stage_open(hf_protection protection);

/* Destroys the table, if there still is one, and ends the world. */
void stage_end(void);

#endif
