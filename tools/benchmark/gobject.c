/* GLib: a counted object, g_object_ref and g_object_unref. */
#include "peers.h"

#include <glib-object.h>
#include <stdlib.h>

typedef struct bench_object {
    GObject parent;
    uint64_t value;
} bench_object;

typedef struct bench_object_class {
    GObjectClass parent;
} bench_object_class;

static void initialise(GTypeInstance *instance, gpointer klass)
{
    (void)klass;
    ((bench_object *)(void *)instance)->value = BENCH_VALUE;
}

static GType object_type(void)
{
    static gsize type;
    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_type_register_static_simple(
                                     G_TYPE_OBJECT, "BenchObject", sizeof(bench_object_class), NULL,
                                     sizeof(bench_object), initialise, 0));
    return type;
}

static void *object_make(void)
{
    return g_object_new(object_type(), NULL);
}

static uint64_t object_loop(void *subject, uint64_t count)
{
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        subject = bench_opaque_pointer(subject);
        bench_object *held = g_object_ref(subject);
        sum += held->value;
        g_object_unref(held);
    }
    return sum;
}

static uint64_t life_loop(void *subject, uint64_t count)
{
    uint64_t sum = 0;
    (void)subject;
    BENCH_REPEAT(count)
    {
        bench_object *made = bench_opaque_pointer(object_make());
        sum += made->value;
        g_object_unref(made);
    }
    return sum;
}

/* For the memory of many: the keys are the pointers. */
static void *table_make(uint64_t live, uint64_t *keys)
{
    for (uint64_t i = 0; i < live; i++)
        keys[i] = (uint64_t)(uintptr_t)object_make();
    return keys;
}

const bench_peer bench_gobject = {
    .name = "gobject-ref", .make = object_make, .destroy = g_object_unref, .loop = object_loop};
const bench_peer bench_gobject_life = {
    .name = "gobject-new", .make = object_make, .destroy = g_object_unref, .loop = life_loop};
const bench_table_peer bench_gobject_table = {.name = "gobject", .make = table_make};
