/* Callbacks inside a region of their handle, and what is done after they have returned.  The states
 * of the handle are in matrix.c. */
#include "stage.h"

#include <holdfast/posix.h>

#include <dlfcn.h>

TestSuite(dispatch, .init = stage_make, .fini = stage_end);

/* What was done, in order, one letter each. */
static char deeds[64];
static size_t deed_count;

static void deed(char what)
{
    deeds[deed_count++] = what;
}

static void act(void *letter)
{
    deed(*(const char *)letter);
}

/* ---- the region ----------------------------------------------------------------------------- */

static void close_itself(hf_value value, void *argument, hf_callback *self)
{
    (void)argument;
    (void)self;
    cr_assert_eq(fixture_close(the_table, the_handle), HF_OUTCOME_DEFERRED);
    fake_use(value);
    deed('c');
}

static void closed_by_its_callback(hf_protection protection)
{
    stage_open(protection);
    MUST_OK(hf_dispatch(the_table, the_handle, NULL, close_itself, NULL));
    cr_assert_eq(world->releases, 1);
    MUST(hf_dispatch(the_table, the_handle, NULL, close_itself, NULL), HF_E_STALE_HANDLE);
    cr_assert_eq(deed_count, 1, "a late callback was called");
    cr_assert_eq(reports_count(HF_REPORT_STALE_USE), 1);
    cr_assert_str_eq(reports_nth(HF_REPORT_STALE_USE, 0)->operation, "hf_dispatch");
}

Test(dispatch, closed_by_its_own_counted_callback)
{
    closed_by_its_callback(HF_PROTECT_COUNTED);
}

Test(dispatch, closed_by_its_own_hazard_callback)
{
    closed_by_its_callback(HF_PROTECT_HAZARD);
}

static void close_wait_itself(hf_value value, void *argument, hf_callback *self)
{
    (void)argument;
    (void)self;
    MUST(hf_close_wait(the_table, the_handle, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    cr_assert(hf_is_live(the_table, the_handle));
    fake_use(value);
}

static void runs_itself_down(hf_protection protection)
{
    stage_open(protection);
    MUST_OK(hf_dispatch(the_table, the_handle, NULL, close_wait_itself, NULL));
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    MUST_OK(hf_close_wait(the_table, the_handle, HF_FOREVER, NULL));
}

Test(dispatch, rundown_inside_its_own_counted_callback_is_refused)
{
    runs_itself_down(HF_PROTECT_COUNTED);
}

Test(dispatch, rundown_inside_its_own_hazard_callback_is_refused)
{
    runs_itself_down(HF_PROTECT_HAZARD);
}

Test(dispatch, without_a_function)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST(hf_dispatch(the_table, the_handle, NULL, NULL, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_dispatch(NULL, the_handle, NULL, close_itself, NULL), HF_E_INVALID_ARGUMENT);
    MUST_OK(hf_close(the_table, the_handle, NULL));
}

static void note_completion(void *context, const hf_close_result *result)
{
    cr_assert_eq(result->outcome, HF_OUTCOME_RELEASED);
    deed(*(const char *)context);
}

static void close_then_itself(hf_value value, void *argument, hf_callback *self)
{
    (void)argument;
    MUST_OK(hf_after_return(self, act, "a"));
    MUST_OK(hf_close_then(the_table, the_handle, note_completion, "t"));
    fake_use(value);
    deed('c');
}

Test(dispatch, closed_with_a_completion_by_its_own_callback)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_dispatch(the_table, the_handle, NULL, close_then_itself, NULL));
    cr_assert_str_eq(deeds, "cta", "callback, completion, after-return action");
}

/* ---- after it has returned ------------------------------------------------------------------ */

static void is_outside(void *argument)
{
    (void)argument;
    cr_assert_eq(world->releases, 1, "the region is not left yet");
    MUST_OK(hf_wait(the_table, the_handle, HF_FOREVER));
    deed('o');
}

static void ask_in_order(hf_value value, void *argument, hf_callback *self)
{
    (void)value;
    (void)argument;
    MUST_OK(hf_close(the_table, the_handle, NULL));
    MUST_OK(hf_after_return(self, is_outside, NULL));
    MUST_OK(hf_after_return(self, act, "1"));
    MUST_OK(hf_after_return(self, act, "2"));
    MUST_OK(hf_after_return(self, act, "3"));
    deed('c');
}

Test(dispatch, actions_follow_in_order_outside_of_the_region)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_dispatch(the_table, the_handle, NULL, ask_in_order, NULL));
    cr_assert_str_eq(deeds, "co123");
}

static void ask_for_too_many(hf_value value, void *argument, hf_callback *self)
{
    hf_ref ref;
    (void)value;
    (void)argument;
    MUST_OK(hf_addref(the_table, the_handle, &ref));
    for (int i = 0; i < HF_AFTER_ACTIONS; i++)
        MUST_OK(hf_after_return(self, act, "x"));
    MUST(hf_after_return(self, act, "y"), HF_E_TOO_MANY_REFERENCES);
    MUST(hf_after_return_close(self, the_table, the_handle), HF_E_TOO_MANY_REFERENCES);
    MUST(hf_after_return_release(self, &ref), HF_E_TOO_MANY_REFERENCES);
    MUST_OK(hf_release(&ref));
}

Test(dispatch, as_many_actions_as_there_may_be)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_dispatch(the_table, the_handle, NULL, ask_for_too_many, NULL));
    cr_assert_str_eq(deeds, "xxxxxxxx");
    MUST_OK(hf_close(the_table, the_handle, NULL));
}

static hf_ref kept;

static void ask_for_each_kind(hf_value value, void *argument, hf_callback *self)
{
    const hf_handle *other = argument;
    (void)value;
    MUST_OK(hf_after_return_release(self, &kept));
    MUST_OK(hf_after_return_close(self, the_table, *other));
    MUST_OK(hf_after_return(self, act, "a"));
    MUST(hf_release(&kept), HF_E_OVER_RELEASE); /* it was moved */
    MUST(hf_after_return_release(self, &kept), HF_E_OVER_RELEASE);
    cr_assert_eq(reports_count(HF_REPORT_OVER_RELEASE), 2);
    MUST_OK(hf_close(the_table, the_handle, NULL));
    cr_assert(hf_is_live(the_table, *other));
}

Test(dispatch, each_kind_of_action)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    hf_handle other = fixture_open(the_table, world, FAKE_RUNDOWN);
    hf_handle third = fixture_open(the_table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(the_table, third, &kept));
    MUST_OK(hf_close(the_table, third, NULL));
    MUST_OK(hf_dispatch(the_table, the_handle, NULL, ask_for_each_kind, &other));
    cr_assert_eq(world->releases, 3);
    cr_assert_str_eq(deeds, "a");
    cr_assert_not(hf_is_live(the_table, other));
}

static void ask_wrongly(hf_value value, void *argument, hf_callback *self)
{
    hf_ref ref = HF_REF_INIT;
    (void)value;
    (void)argument;
    MUST(hf_after_return(NULL, act, "x"), HF_E_INVALID_ARGUMENT);
    MUST(hf_after_return(self, NULL, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_after_return_release(NULL, &ref), HF_E_INVALID_ARGUMENT);
    MUST(hf_after_return_release(self, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_after_return_close(NULL, the_table, the_handle), HF_E_INVALID_ARGUMENT);
    MUST(hf_after_return_close(self, NULL, the_handle), HF_E_INVALID_ARGUMENT);
    MUST_OK(hf_after_return_close(self, the_table, the_handle));
    MUST_OK(hf_after_return_close(self, the_table, the_handle));
}

Test(dispatch, what_a_later_close_finds_is_reported_then)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_dispatch(the_table, the_handle, NULL, ask_wrongly, NULL));
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
    cr_assert_eq(deed_count, 0);
}

static void inner(hf_value value, void *argument, hf_callback *self)
{
    (void)value;
    (void)argument;
    MUST_OK(hf_after_return(self, act, "i"));
    deed('I');
}

static void outer(hf_value value, void *argument, hf_callback *self)
{
    (void)argument;
    MUST_OK(hf_after_return(self, act, "o"));
    MUST_OK(hf_dispatch(the_table, the_handle, NULL, inner, NULL));
    fake_use(value);
    deed('O');
}

static void dispatch_again(void *argument)
{
    (void)argument;
    MUST_OK(hf_dispatch(the_table, the_handle, NULL, outer, NULL));
}

static void ask_for_a_dispatch(hf_value value, void *argument, hf_callback *self)
{
    (void)value;
    (void)argument;
    MUST_OK(hf_after_return(self, dispatch_again, NULL));
    MUST_OK(hf_after_return(self, act, "z"));
}

Test(dispatch, nested_ones_have_actions_of_their_own)
{
    stage_open(HF_PROTECT_HAZARD);
    MUST_OK(hf_dispatch(the_table, the_handle, NULL, outer, NULL));
    cr_assert_str_eq(deeds, "IiOo");
    MUST_OK(hf_dispatch(the_table, the_handle, NULL, ask_for_a_dispatch, NULL));
    cr_assert_str_eq(deeds, "IiOoIiOoz");
    MUST_OK(hf_close(the_table, the_handle, NULL));
}

static unsigned depth;

static void dispatch_deeper(hf_value value, void *argument, hf_callback *self)
{
    hf_handle *deepest = argument;
    MUST_OK(hf_after_return(self, act, "."));
    if (++depth < 20)
        MUST_OK(hf_dispatch(the_table, the_handle, NULL, dispatch_deeper, argument));
    else
        MUST_OK(hf_close(the_table, *deepest, NULL));
    fake_use(value);
}

Test(dispatch, deeper_than_there_are_hazard_slots)
{
    stage_open(HF_PROTECT_HAZARD);
    MUST_OK(hf_dispatch(the_table, the_handle, NULL, dispatch_deeper, &the_handle));
    cr_assert_eq(deed_count, 20);
    cr_assert_eq(world->releases, 1);
}

/* ---- unloading ------------------------------------------------------------------------------ */

/* As in modules/unloads_itself.c. */
typedef struct unload_request {
    void (*action)(void *context);
    void *context;
    hf_table *table;
    hf_handle handle;
    unsigned called;
    hf_status status;
} unload_request;

static hf_callback_function load(void **module)
{
    hf_callback_function function;
    *module = dlopen(TEST_MODULE_UNLOADS_ITSELF, RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(*module, "%s", dlerror());
    /* As POSIX tells how to make a function of it. */
    *(void **)&function = dlsym(*module, "module_callback");
    cr_assert_not_null(*(void **)&function, "%s", dlerror());
    return function;
}

static bool is_loaded(void)
{
    void *module = dlopen(TEST_MODULE_UNLOADS_ITSELF, RTLD_NOW | RTLD_NOLOAD);
    return module != NULL && dlclose(module) == 0;
}

static void unload(void *module)
{
    cr_assert_eq(dlclose(module), 0);
}

Test(dispatch, callback_has_its_own_module_unloaded)
{
    unload_request request = {.action = unload};
    stage_open(HF_PROTECT_ADAPTIVE);
    hf_callback_function function = load(&request.context);
    MUST_OK(hf_dispatch(the_table, the_handle, NULL, function, &request));
    cr_assert_eq(request.called, 1);
    MUST_OK(request.status);
    cr_assert_not(is_loaded());
    MUST_OK(hf_close(the_table, the_handle, NULL));
}

Test(dispatch, callback_has_the_handle_of_its_own_module_closed)
{
    void *module;
    stage_open(HF_PROTECT_ADAPTIVE);
    unload_request request = {.table = the_table};
    hf_callback_function function = load(&module);
    MUST_OK(hf_open(the_table, &hf_type_dl, (hf_value)module, NULL, &request.handle));
    MUST_OK(hf_dispatch(the_table, request.handle, &hf_type_dl, function, &request));
    cr_assert_eq(request.called, 1);
    MUST_OK(request.status);
    cr_assert_not(is_loaded());
    MUST_OK(hf_close(the_table, the_handle, NULL));
}
