#include "operations.h"

#include "closing.h"
#include "findings.h"
#include "harness.h"
#include "holds.h"
#include "mutexes.h"
#include "opening.h"
#include "world.h"

#include <string.h>

static hf_table *tables[TABLES];

void operations_start(uint8_t level, uint8_t protection, uint8_t reuse)
{
    static const char *const names[TABLES] = {"one", "other"};
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.level = (hf_level)(1 + level % 4);
    options.protection = (hf_protection)(protection % 3);
    options.reuse = (hf_reuse)(reuse % 4);
    options.capacity_slots = 256;
    memset(cards, 0, sizeof(cards));
    opening_start();
    holds_start();
    things_start();
    mutexes_start();
    for (unsigned i = 0; i < TABLES; i++) {
        options.seed = i + 1;
        options.name = names[i];
        if (hf_table_create(&options, &tables[i]) != HF_OK)
            fuzz_fail("no table could be made");
    }
}

/* Somebody else takes a number, perhaps one that was closed behind a table's back; or somebody's
 * number that no table knows of is closed. */
static void play_stranger(const step *s)
{
    int peer;
    if (s->what % 4 != 0) {
        (void)world_open((world_what)(s->what / 4 % WORLD_WHATS), s->how, &peer);
        return;
    }
    int fd = world_any(s->card);
    if (fd >= 0)
        world_close(fd);
}

static void play_exit_or_mutex(const step *s)
{
    if (s->card % 4 == 0)
        things_try_exit(s->what, s->how % 8 == 0);
    else
        mutexes_play(s->what, s->how);
}

static void play_opening(const step *s, hf_table *table)
{
    switch (s->operation / 2 % 8) {
    case 0:
    case 1:
    case 2:
    case 3:
        play_open(s, table);
        break;
    case 4:
    case 5:
        play_open_again(s, table);
        break;
    case 6:
        play_duplicate(s, table);
        break;
    default:
        play_open_garbage(s, table);
    }
}

typedef void operation(const step *s);

static operation *const operations[] = {play_close,      play_close,         play_close_wait,
                                        play_close_many, play_close_beneath, play_enter,
                                        play_addref,     play_let_go,        play_let_go,
                                        play_detach,     play_stranger,      play_exit_or_mutex};
enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

void operations_play(const step *s)
{
    unsigned which = s->operation % 16;
    if (s->operation >= 128)
        play_opening(s, tables[s->operation % TABLES]);
    else if (which < OPERATIONS)
        operations[which](s);
    world_check();
    things_check();
    findings_check("a step");
}

/* ---- the end -------------------------------------------------------------------------------- */

/* In which order a shutdown closes is its own matter: of what shares a value, or is held, nothing
 * is left to it. */
static bool is_alone(const card *c)
{
    return c->holders == 0 && c->parent == NULL && c->kind != CARD_OBJECT &&
           cards_same_value(c, true) == NULL && cards_same_value(c, false) == NULL;
}

static void close_all(bool orderly)
{
    for (unsigned i = 0; i < CARDS; i++) {
        card *c = &cards[i];
        if (c->life != CARD_OPEN || (!orderly && is_alone(c)))
            continue;
        close_card(c);
        world_check();
        findings_check("the end");
    }
}

/* A value that is closed already, or not one at all, comes in no order either. */
static void leave_to_shutdown(void)
{
    unsigned leaks = 0;
    for (unsigned i = 0; i < CARDS; i++) {
        card *c = &cards[i];
        if (c->life != CARD_OPEN)
            continue;
        leaks++;
        (void)card_released(c);
    }
    findings_expect(HF_REPORT_LEAK, leaks);
}

void operations_end(bool orderly)
{
    holds_end();
    world_check();
    findings_check("letting go");
    close_all(orderly);
    leave_to_shutdown();
    for (unsigned i = 0; i < TABLES; i++) {
        if (hf_table_shutdown(tables[i], 0) != HF_OK)
            fuzz_fail("a table cannot be shut down");
        hf_table_destroy(tables[i]);
    }
    world_check_in_any_order();
    things_check();
    findings_check("the shutdown");
    mutexes_end();
    findings_check("mutexes");
    opening_end();
    things_end();
}
