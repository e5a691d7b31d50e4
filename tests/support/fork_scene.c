/* The scene of fork tests. */
#include "fork_scene.h"

#include <sys/wait.h>
#include <unistd.h>

fork_scene scene_now;

void fork_scene_begin(void)
{
    hf_table_options options = fixture_options(HF_REUSE_FIFO, HF_PROTECT_ADAPTIVE);
    options.capacity_slots = FORK_SLOTS;
    reports_start();
    scene_now.world = fake_world_create(10000);
    scene_now.world->argument = &scene_now.place;
    scene_now.table = fixture_create(&options);
    scene_now.other = actor_start();
}

void fork_scene_end(void)
{
    actor_end(scene_now.other);
    MUST_OK(hf_table_shutdown(scene_now.table, 0));
    hf_table_destroy(scene_now.table);
    cr_expect(fake_world_is_sound(scene_now.world));
    cr_expect_eq(fake_alive(scene_now.world), 0);
    fake_world_destroy(scene_now.world);
}

void fork_scene_open(fake_kind kind)
{
    scene_now.value = fake_make(scene_now.world);
    MUST_OK(hf_open(scene_now.table, &scene_now.world->types[kind], scene_now.value, NULL,
                    &scene_now.handle));
}

unsigned releases_of(hf_value value)
{
    return atomic_load(&fake_of(value)->releases);
}

bool is_stale(hf_handle handle)
{
    hf_info info = {.size = (uint32_t)sizeof(info)};
    return hf_inspect(scene_now.table, handle, &info) == HF_OK && info.life == HF_LIFE_CLOSED;
}

hf_outcome close_now(void)
{
    hf_close_result result = {.outcome = HF_OUTCOME_NONE};
    (void)hf_close(scene_now.table, scene_now.handle, &result);
    return result.outcome;
}

bool has_free_slots(unsigned wanted)
{
    hf_handle handles[FORK_SLOTS];
    hf_value values[FORK_SLOTS];
    unsigned count = 0;
    bool good = true;
    for (; count < FORK_SLOTS; count++) {
        values[count] = fake_make(scene_now.world);
        if (hf_open(scene_now.table, &scene_now.world->types[FAKE_PLAIN], values[count], NULL,
                    &handles[count]) != HF_OK)
            break;
    }
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < i; j++)
            good = good && !fixture_same_slot(handles[i], handles[j]);
    }
    for (unsigned i = 0; i < count; i++)
        good = good && hf_close(scene_now.table, handles[i], NULL) == HF_OK &&
               releases_of(values[i]) == 1;
    if (count != wanted)
        fprintf(stderr, "%u free slots, not %u\n", count, wanted);
    return good && count == wanted;
}

bool ends_well(void)
{
    return has_free_slots(FORK_SLOTS) && hf_table_shutdown(scene_now.table, 0) == HF_OK &&
           fake_world_is_sound(scene_now.world) && reports_total() == reports_count(HF_REPORT_LEAK);
}

void stop_in_action(fake_value *of, void *argument)
{
    (void)of;
    stop_here(argument);
}

bool in_child;
int child_status;

void fork_and_go_on(void)
{
    pid_t child = fork();
    in_child = child == 0;
    if (!in_child)
        (void)waitpid(child, &child_status, 0);
}

void fork_in_action(fake_value *of, void *argument)
{
    (void)of;
    (void)argument;
    scene_now.world->on_release = NULL;
    fork_and_go_on();
}

int can_be_committed(void *unused)
{
    hf_value fresh = fake_make(scene_now.world);
    (void)unused;
    HOLDS(hf_commit(scene_now.table, scene_now.handle, fresh) == HF_OK);
    HOLDS(close_now() == HF_OUTCOME_RELEASED && releases_of(fresh) == 1);
    HOLDS(ends_well());
    return 0;
}

void close_it(void *argument)
{
    (void)argument;
    (void)close_now();
}

void enter_it(void *argument)
{
    (void)argument;
    MUST_OK(hf_enter(scene_now.table, scene_now.handle, NULL, &scene_now.region));
}

void leave_it(void *argument)
{
    (void)argument;
    hf_leave(&scene_now.region);
}
