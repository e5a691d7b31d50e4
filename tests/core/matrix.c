/* The state matrix: every operation on every state of a handle, owned and borrowed, with the status
 * that it answers, the finding that it makes, and the proof that a refusal changes nothing. */
#include "scene.h"

#include <stdio.h>
#include <string.h>

typedef enum operation {
    ENTER,
    ENTER_ANY,
    ENTER_WRONG,
    ADDREF,
    CLOSE,
    CLOSE_MANY,
    CLOSE_WAIT,
    WAIT,
    DETACH,
    COMMIT,
    DUPLICATE,
    INSPECT,
    IS_LIVE,
    OPEN_CHILD,
    CLOSE_THEN,
    DISPATCH,
    DISPATCH_WRONG,
    OPERATIONS
} operation;

static const char *const operation_names[OPERATIONS] = {"enter",
                                                        "enter_any",
                                                        "enter_wrong_type",
                                                        "addref",
                                                        "close",
                                                        "close_many",
                                                        "close_wait",
                                                        "wait",
                                                        "detach",
                                                        "commit",
                                                        "duplicate",
                                                        "inspect",
                                                        "is_live",
                                                        "open_child",
                                                        "close_then",
                                                        "dispatch",
                                                        "dispatch_wrong_type"};

/* One letter a status, one column a state, in the order of SCENE_STATES:
 *
 *   null  forged  forged_even  foreign  stale  reused | reserved | cold  hot  cold_entered
 *   hot_entered  referenced  parent | closing  closing_entered  closing_parent  lenient
 *
 * . ok   0 null   F forged   X foreign   S stale   U not committed   W wrong type   C closing
 * B busy   D possible deadlock   T timed out.  For is_live anything but a dot is "false". */
static const char *const expected[OPERATIONS] = {
    [ENTER] = "0FFXSSU......CCC.",          [ENTER_ANY] = "0FFXSSU......CCC.",
    [ENTER_WRONG] = "0FFXSSUWWWWWWWWWW",    [ADDREF] = "0FFXSSU......CCC.",
    [CLOSE] = "0FFXSS.......CCCC",          [CLOSE_MANY] = "0FFXSS.......CCCC",
    [CLOSE_WAIT] = "0FFXSS...DDTTCCCC",     [WAIT] = "0FFX..UBBBBBBTDTT",
    [DETACH] = "0FFXSSU..BBBBCCCC",         [COMMIT] = "0FFXSS.BBBBBBCCCC",
    [DUPLICATE] = "0FFXSSU......CCC.",      [INSPECT] = "0FFX.............",
    [IS_LIVE] = "0FFXSSU......CCC.",        [OPEN_CHILD] = "0FFXSSU......CCC.",
    [CLOSE_THEN] = "0FFXSS.......CCCC",     [DISPATCH] = "0FFXSSU......CCC.",
    [DISPATCH_WRONG] = "0FFXSSUWWWWWWWWWW",
};

static hf_status status_of(char letter)
{
    static const char letters[] = ".0FXSUWCBDT";
    static const hf_status statuses[] = {HF_OK,
                                         HF_E_NULL_HANDLE,
                                         HF_E_FORGED_HANDLE,
                                         HF_E_FOREIGN_HANDLE,
                                         HF_E_STALE_HANDLE,
                                         HF_E_NOT_COMMITTED,
                                         HF_E_WRONG_TYPE,
                                         HF_E_CLOSING,
                                         HF_E_BUSY,
                                         HF_E_POSSIBLE_DEADLOCK,
                                         HF_E_TIMED_OUT};
    const char *found = strchr(letters, letter);
    cr_assert_not_null(found);
    return statuses[found - letters];
}

/* What the operation leaves behind, to be undone by `undo`. */
typedef struct leftovers {
    unsigned completions;
    hf_region region;
    hf_ref ref;
    hf_handle handle;
    hf_table *table; /* of the handle */
} leftovers;

static hf_status try_enter(scene *on, const hf_type *type, leftovers *left)
{
    hf_status status = hf_enter(on->table, on->handle, type, &left->region);
    cr_assert_eq(hf_region_entered(&left->region), status == HF_OK);
    if (status == HF_OK) {
        cr_assert_eq(left->region.value, on->value);
        fake_use(left->region.value);
    }
    return status;
}

static hf_status try_addref(scene *on, leftovers *left)
{
    hf_status status = hf_addref(on->table, on->handle, &left->ref);
    if (status == HF_OK)
        cr_assert_eq(left->ref.value, on->value);
    return status;
}

static hf_status try_detach(scene *on)
{
    hf_value value = 0;
    hf_status status = hf_detach(on->table, on->handle, &value);
    if (status == HF_OK) {
        cr_assert_eq(value, on->value);
        if (!on->borrowed)
            fake_give_back(value);
    }
    return status;
}

static hf_status try_commit(scene *on)
{
    hf_value value = fake_make(on->world);
    hf_status status = hf_commit(on->table, on->handle, value);
    if (status != HF_OK)
        fake_give_back(value);
    return status;
}

static hf_status try_duplicate(scene *on, leftovers *left)
{
    left->table = on->other;
    return hf_duplicate(on->table, on->handle, on->other, &left->handle);
}

static hf_status try_open_child(scene *on, leftovers *left)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.parent = on->handle;
    if (hf_handle_is_null(on->handle))
        return HF_E_NULL_HANDLE; /* a null parent means "none" */
    left->table = on->table;
    hf_value value = fake_make(on->world);
    hf_status status =
        hf_open(on->table, &on->world->types[FAKE_PLAIN], value, &options, &left->handle);
    if (status != HF_OK)
        fake_give_back(value);
    return status;
}

static hf_status try_close_many(scene *on)
{
    hf_close_result result;
    hf_status status = hf_close_many(on->table, &on->handle, 1, &result);
    cr_assert_eq(result.outcome == HF_OUTCOME_NONE, status != HF_OK);
    return status;
}

static hf_status try_inspect(scene *on)
{
    hf_info info = {.size = (uint32_t)sizeof(info)};
    return hf_inspect(on->table, on->handle, &info);
}

static void count_completion(void *context, const hf_close_result *result)
{
    leftovers *left = context;
    cr_assert_neq(result->outcome, HF_OUTCOME_NONE);
    left->completions++;
}

/* What holds the handle is let go before `left` ends. */
static hf_status try_close_then(scene *on, leftovers *left)
{
    hf_status status = hf_close_then(on->table, on->handle, count_completion, left);
    if (status == HF_OK)
        scene_let_go(on);
    cr_assert_eq(left->completions, (unsigned)(status == HF_OK));
    return status;
}

static void use(hf_value value, void *argument, hf_callback *self)
{
    scene *on = argument;
    cr_assert_eq(value, on->value);
    cr_assert_not_null(self);
    fake_use(value);
    on->called++;
}

static hf_status try_dispatch(scene *on, const hf_type *type)
{
    hf_status status = hf_dispatch(on->table, on->handle, type, use, on);
    cr_assert_eq(on->called, (unsigned)(status == HF_OK));
    return status;
}

static hf_status attempt(operation what, scene *on, leftovers *left)
{
    hf_close_result result;
    switch (what) {
    case ENTER:
        return try_enter(on, on->type, left);
    case ENTER_ANY:
        return try_enter(on, NULL, left);
    case ENTER_WRONG:
        return try_enter(on, &on->strangers->types[FAKE_PLAIN], left);
    case ADDREF:
        return try_addref(on, left);
    case CLOSE:
        return hf_close(on->table, on->handle, &result);
    case CLOSE_MANY:
        return try_close_many(on);
    case CLOSE_WAIT:
        return hf_close_wait(on->table, on->handle, 0, &result);
    case WAIT:
        return hf_wait(on->table, on->handle, 0);
    case DETACH:
        return try_detach(on);
    case COMMIT:
        return try_commit(on);
    case DUPLICATE:
        return try_duplicate(on, left);
    case INSPECT:
        return try_inspect(on);
    case OPEN_CHILD:
        return try_open_child(on, left);
    case CLOSE_THEN:
        return try_close_then(on, left);
    case DISPATCH:
        return try_dispatch(on, on->type);
    case DISPATCH_WRONG:
        return try_dispatch(on, &on->strangers->types[FAKE_PLAIN]);
    default:
        return HF_E_INVALID_ARGUMENT;
    }
}

static void undo(leftovers *left)
{
    if (hf_region_entered(&left->region))
        hf_leave(&left->region);
    if (left->ref.handle_ != 0)
        MUST_OK(hf_release(&left->ref));
    if (!hf_handle_is_null(left->handle))
        cr_assert_eq(fixture_close(left->table, left->handle), HF_OUTCOME_RELEASED);
}

/* What the handle looks like from outside; all zero if it does not resolve. */
static hf_info look(scene *on)
{
    hf_info info = {.size = (uint32_t)sizeof(info)};
    hf_status status = hf_inspect(on->table, on->handle, &info);
    return status == HF_OK ? info : (hf_info){.size = 0};
}

static void check_unchanged(const hf_info *before, const hf_info *after, const char *cell)
{
    cr_assert_eq(before->life, after->life, "%s changed the handle's life", cell);
    cr_assert_eq(before->references, after->references, "%s changed the count", cell);
    cr_assert_eq(before->regions, after->regions, "%s changed the regions", cell);
    cr_assert_eq(before->hazard, after->hazard, "%s changed the mode", cell);
}

static bool is_close(operation what)
{
    return what == CLOSE || what == CLOSE_MANY || what == CLOSE_WAIT || what == CLOSE_THEN;
}

/* The finding that a refusal makes; HF_REPORT_KIND_COUNT: none is demanded. */
static hf_report_kind finding(operation what, scene_state state, hf_status status)
{
    switch (status) {
    case HF_E_FORGED_HANDLE:
        return HF_REPORT_FORGED_HANDLE;
    case HF_E_FOREIGN_HANDLE:
        return HF_REPORT_FOREIGN_HANDLE;
    case HF_E_WRONG_TYPE:
        return HF_REPORT_WRONG_TYPE;
    case HF_E_STALE_HANDLE:
        if (state == SCENE_REUSED)
            return HF_REPORT_HANDLE_REUSE;
        return is_close(what) ? HF_REPORT_DOUBLE_CLOSE : HF_REPORT_STALE_USE;
    case HF_E_CLOSING:
        return is_close(what) ? HF_REPORT_DOUBLE_CLOSE : HF_REPORT_KIND_COUNT;
    case HF_E_POSSIBLE_DEADLOCK:
        return HF_REPORT_POSSIBLE_DEADLOCK;
    case HF_E_TIMED_OUT:
        return what == CLOSE_WAIT ? HF_REPORT_RUNDOWN_TIMEOUT : HF_REPORT_KIND_COUNT;
    default:
        return HF_REPORT_KIND_COUNT;
    }
}

static void check_finding(operation what, scene *on, hf_status status, const char *cell)
{
    hf_report_kind kind = finding(what, on->state, status);
    if (what == INSPECT || status == HF_OK || status == HF_E_NULL_HANDLE) {
        cr_assert_eq(reports_total(), 0, "%s made a finding", cell);
    } else if (kind != HF_REPORT_KIND_COUNT) {
        cr_assert_eq(reports_count(kind), 1, "%s made %u findings %s", cell, reports_count(kind),
                     hf_report_kind_name(kind));
        cr_assert_eq(reports_total(), 1, "%s made another finding", cell);
        cr_assert(hf_handle_equal(reports_nth(kind, 0)->subject, on->handle), "%s", cell);
    }
}

static void check_refused(const hf_table_stats *before, const hf_table_stats *after,
                          hf_status status, const char *cell)
{
    for (int i = 1; i < HF_STATUS_COUNT; i++)
        cr_assert_eq(after->refused[i] - before->refused[i], (uint64_t)(i == (int)status),
                     "%s, counted as refused: %s", cell, hf_status_name((hf_status)i));
}

static void play_is_live(scene *on, bool live, const char *cell)
{
    cr_assert_eq(hf_is_live(on->table, on->handle), live, "%s", cell);
    cr_assert_eq(reports_total(), 0, "%s made a finding", cell);
}

static void play(operation what, scene *on, hf_status status, const char *cell)
{
    leftovers left = {.region = HF_REGION_INIT, .ref = HF_REF_INIT};
    hf_info before = look(on);
    uint32_t releases = on->world->releases;
    hf_table_stats counted = fixture_stats(on->table);
    hf_status answer = attempt(what, on, &left);
    hf_table_stats recounted = fixture_stats(on->table);
    hf_info after = look(on);

    cr_assert_eq(answer, status, "%s answers %s, not %s", cell, hf_status_name(answer),
                 hf_status_name(status));
    if (what != INSPECT && (what != OPEN_CHILD || status != HF_E_NULL_HANDLE))
        check_refused(&counted, &recounted, status, cell);
    check_finding(what, on, status, cell);
    if (status != HF_OK && status != HF_E_TIMED_OUT) {
        check_unchanged(&before, &after, cell);
        cr_assert_eq(on->world->releases, releases, "%s released a value", cell);
    }
    undo(&left);
}

static void play_row(operation what)
{
    reports_start();
    for (int cell = 0; cell < 2 * SCENE_COUNT; cell++) {
        scene on;
        char name[80];
        scene_state state = (scene_state)(cell / 2);
        hf_status status = status_of(expected[what][state]);
        scene_build(&on, state, cell % 2 != 0);
        snprintf(name, sizeof(name), "%s of %s %s", operation_names[what],
                 on.borrowed ? "borrowed" : "owned", scene_name(state));
        reports_clear();
        if (what == IS_LIVE)
            play_is_live(&on, status == HF_OK, name);
        else
            play(what, &on, status, name);
        scene_strike(&on);
    }
}

#define MATRIX_ROW(name, operation)                             \
    Test(matrix, name)                                          \
    {                                                           \
        cr_assert_eq(strlen(expected[operation]), SCENE_COUNT); \
        play_row(operation);                                    \
    }

MATRIX_ROW(enter_in_every_state, ENTER)
MATRIX_ROW(enter_of_any_type_in_every_state, ENTER_ANY)
MATRIX_ROW(enter_of_wrong_type_in_every_state, ENTER_WRONG)
MATRIX_ROW(addref_in_every_state, ADDREF)
MATRIX_ROW(close_in_every_state, CLOSE)
MATRIX_ROW(close_many_in_every_state, CLOSE_MANY)
MATRIX_ROW(close_wait_in_every_state, CLOSE_WAIT)
MATRIX_ROW(wait_in_every_state, WAIT)
MATRIX_ROW(detach_in_every_state, DETACH)
MATRIX_ROW(commit_in_every_state, COMMIT)
MATRIX_ROW(duplicate_in_every_state, DUPLICATE)
MATRIX_ROW(inspect_in_every_state, INSPECT)
MATRIX_ROW(is_live_in_every_state, IS_LIVE)
MATRIX_ROW(open_child_in_every_state, OPEN_CHILD)
MATRIX_ROW(close_then_in_every_state, CLOSE_THEN)
MATRIX_ROW(dispatch_in_every_state, DISPATCH)
MATRIX_ROW(dispatch_of_wrong_type_in_every_state, DISPATCH_WRONG)
