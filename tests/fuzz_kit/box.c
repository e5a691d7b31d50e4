#include "box.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BOXES = 8192 };

typedef struct box {
    int open;
    int below; /* for a lid: its box */
} box;

static box boxes[BOXES];
static int last;
static const char *planted = "";

void box_plant(const char *bug)
{
    planted = bug;
}

static int has_bug(const char *bug)
{
    return strcmp(planted, bug) == 0;
}

void box_reset(void)
{
    memset(boxes, 0, sizeof(boxes));
    last = 0;
}

static int is_open(int number)
{
    return number > 0 && number < BOXES && boxes[number].open;
}

static int logged(const char *call, int number, unsigned long long how, int answer)
{
    printf("%s(%d, %llu) = %d\n", call, number, how, answer);
    fflush(stdout);
    return answer;
}

static int make(int below)
{
    if (has_bug("twice") && last == 2)
        return last;
    if (last == BOXES - 1)
        return BOX_BUSY;
    boxes[++last].open = 1;
    boxes[last].below = below;
    return last;
}

int box_open(void)
{
    return logged("box_open", 0, 0, make(0));
}

int box_lid(int number)
{
    return logged("box_lid", number, 0, is_open(number) ? make(number) : BOX_STALE);
}

/* Bugs that show when a box is used in the way 13. */
static int stumble(int number)
{
    if (has_bug("refuses"))
        return BOX_STALE;
    if (has_bug("damaged"))
        return BOX_WRONG;
    if (has_bug("segv"))
        *(char *)(intptr_t)number = 1; /* on the page of null */
    if (has_bug("abort"))
        abort();
    if (has_bug("exit"))
        exit(3);
    while (has_bug("hangs"))
        usleep(1000);
    return BOX_OK;
}

int box_use(int number, unsigned long long how)
{
    if (!is_open(number) && !has_bug("stale"))
        return logged("box_use", number, how, BOX_STALE);
    return logged("box_use", number, how, how == 13 ? stumble(number) : BOX_OK);
}

int box_join(int one, int two)
{
    int open = is_open(one) && is_open(two);
    return logged("box_join", one, (unsigned)two, open ? BOX_OK : BOX_STALE);
}

int box_write(int number, const char *bytes)
{
    unsigned long long sum = 0;
    for (int i = 0; i < 11; i++)
        sum = 31 * sum + (unsigned char)bytes[i];
    return logged("box_write", number, sum, is_open(number) ? BOX_OK : BOX_STALE);
}

static int has_lid(int number)
{
    for (int lid = 1; lid <= last; lid++)
        if (boxes[lid].open && boxes[lid].below == number)
            return 1;
    return 0;
}

int box_close(int number)
{
    if (!is_open(number))
        return logged("box_close", number, 0, BOX_STALE);
    if (has_lid(number) && !has_bug("orphans"))
        return logged("box_close", number, 0, BOX_BUSY);
    boxes[number].open = 0;
    return logged("box_close", number, 0, BOX_OK);
}

int box_count(void)
{
    int count = 0;
    for (int i = 1; i <= last; i++)
        count += boxes[i].open;
    return count;
}
