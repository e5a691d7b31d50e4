/* The player: makes two tables of one configuration, plays the records one by one, compares the
 * library with the model after each, and takes everything down in the end. */
#include "model_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

model_options model_options_decode(const uint8_t *record)
{
    static const uint32_t capacities[] = {1, 2, 4, 8, 16};
    return (model_options){.reuse = (hf_reuse)(record[0] % 4),
                           .protection = (hf_protection)(record[1] % 3),
                           .level = (hf_level)(1 + record[2] % 4),
                           .capacity = capacities[record[3] % 5]};
}

card *model_pick(model *m, uint8_t choice)
{
    int count = m->card_count;
    if (count == 0)
        return NULL;
    if (choice & 0x80)
        return &m->cards[(choice * 5) % count];
    return &m->cards[count - 1 - choice % (count < 10 ? count : 10)];
}

sheet *model_place(model *m, const card *c, uint8_t choice)
{
    return &m->sheets[choice % 16 == 15 ? 1 - c->sheet : c->sheet];
}

static void start(model *m)
{
    hf_table_options options = {.size = (uint32_t)sizeof(options),
                                .reuse = m->options.reuse,
                                .protection = m->options.protection,
                                .level = m->options.level,
                                .capacity_slots = m->options.capacity,
                                .seed = 1,
                                .name = "model"};
    for (int i = 0; i < 2; i++) {
        m->sheets[i].order_known = true;
        options.seed = (uint64_t)i + 1;
        if (hf_table_create(&options, &m->sheets[i].table) != HF_OK)
            abort();
    }
    for (int i = 0; i < MODEL_HOLDS; i++) {
        m->regions[i] = (held_region){.region = HF_REGION_INIT, .card = MODEL_NONE};
        m->refs[i] = (held_ref){.ref = HF_REF_INIT, .card = MODEL_NONE};
    }
}

static void check_sheets(model *m)
{
    model_check_sheet(m, &m->sheets[0]);
    model_check_sheet(m, &m->sheets[1]);
}

/* What must be true after every step. */
static void check(model *m, const model_record *r)
{
    if (m->world->releases != m->releases)
        model_fail(m, "%u releases, not %u", m->world->releases, m->releases);
    if (!fake_world_is_sound(m->world))
        model_fail(m, "a value was misused");
    card *c = model_pick(m, r->subject);
    if (c != NULL)
        model_check_card(m, c);
    if (r->more % 32 == 0)
        check_sheets(m); /* now and then: adding up takes long */
}

static void step(model *m, size_t number, const uint8_t *bytes)
{
    const model_record r = {bytes[0] / 2, bytes[1], bytes[2], bytes[3]};
    if (bytes[0] % 2 == 0)
        model_play_life(m, &r);
    else
        model_play_hold(m, &r);
    check(m, &r);
    if (!model_agrees(m)) {
        size_t length = strlen(m->message);
        snprintf(m->message + length, m->message_size - length, " (record %zu: %u %u %u %u)",
                 number, bytes[0], bytes[1], bytes[2], bytes[3]);
    }
}

/* Ends the tables in the one or the other way; what is still owned must be released now. */
static void finish(model *m, bool orderly)
{
    if (model_agrees(m)) {
        model_end_holds(m);
        check_sheets(m);
    }
    for (int i = 0; i < 2; i++) {
        if (orderly && model_agrees(m) && hf_table_shutdown(m->sheets[i].table, 0) != HF_OK)
            model_fail(m, "hf_table_shutdown fails although nothing is held");
        hf_table_destroy(m->sheets[i].table);
    }
    for (int i = 0; i < m->card_count; i++) {
        const card *c = &m->cards[i];
        if (c->borrowed)
            fake_give_back(c->value);
    }
    if (!fake_world_is_sound(m->world))
        model_fail(m, "at the end: a value was misused");
    if (fake_alive(m->world) != 0)
        model_fail(m, "at the end: %zu values were never released", fake_alive(m->world));
}

bool model_play(const model_options *options, const uint8_t *bytes, size_t size, char *message,
                size_t message_size)
{
    size_t records = size / MODEL_RECORD_SIZE;
    model *m = calloc(1, sizeof(*m));
    if (m == NULL)
        abort();
    message[0] = '\0';
    m->options = *options;
    m->message = message;
    m->message_size = message_size;
    m->world = fake_world_create(records + 1);
    start(m);
    for (size_t i = 0; i < records && model_agrees(m); i++)
        step(m, i, bytes + i * MODEL_RECORD_SIZE);
    finish(m, size > 0 && bytes[size - 1] % 2 == 0);
    fake_world_destroy(m->world);
    free(m);
    return message[0] == '\0';
}
