/* A small interface of handles, for the kit to fuzz: boxes, numbered so that a closed number never
 * comes again, with bugs that can be planted.  Each call is logged on standard output, so that a
 * reproducer can be held against what it reproduces. */
#ifndef TESTS_FUZZ_KIT_BOX_H
#define TESTS_FUZZ_KIT_BOX_H

enum {
    BOX_OK = 0,
    BOX_STALE = -1, /* there is no such box */
    BOX_BUSY = -2,  /* a lid holds it */
    BOX_WRONG = -3  /* the box is damaged, and says so */
};

/* The bug that is there from now on: "" for none; what each one is stands in box.c. */
void box_plant(const char *bug);

/* Everything is closed, and numbers begin anew. */
void box_reset(void);

/* The number of a new box, above 0; or of a lid, which holds its box; or BOX_STALE. */
int box_open(void);
int box_lid(int box);

int box_use(int box, unsigned long long how);
int box_join(int one, int two);
int box_write(int box, const char *bytes);
int box_close(int box);

/* How many are open. */
int box_count(void);

#endif
