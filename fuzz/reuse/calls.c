/* Each function here is one frame above its site in the stacks that the library records. */
#include "calls.h"

void call_open(void *argument)
{
    call *c = argument;
    c->status = hf_open(c->table, c->type, c->value, &c->options, &c->out);
}

void call_reserve(void *argument)
{
    call *c = argument;
    c->status = hf_reserve(c->table, c->type, &c->out);
}

void call_commit(void *argument)
{
    call *c = argument;
    c->status = hf_commit(c->table, c->handle, c->value);
}

void call_enter(void *argument)
{
    call *c = argument;
    c->status = hf_enter(c->table, c->handle, c->type, c->region);
}

void call_leave(void *argument)
{
    call *c = argument;
    hf_leave(c->region);
}

void call_addref(void *argument)
{
    call *c = argument;
    c->status = hf_addref(c->table, c->handle, c->ref);
}

void call_release(void *argument)
{
    call *c = argument;
    c->status = hf_release(c->ref);
}

void call_detach(void *argument)
{
    call *c = argument;
    c->status = hf_detach(c->table, c->handle, &c->value);
}

void call_dispatch(void *argument)
{
    call *c = argument;
    c->status = hf_dispatch(c->table, c->handle, c->type, c->callback, c->argument);
}

void call_duplicate(void *argument)
{
    call *c = argument;
    c->status = hf_duplicate(c->table, c->handle, c->to, &c->out);
}

void call_close(void *argument)
{
    call *c = argument;
    c->status = hf_close(c->table, c->handle, &c->result);
}

void call_close_many(void *argument)
{
    call *c = argument;
    c->status = hf_close_many(c->table, c->many, CALL_MANY, c->results);
}

void call_close_then(void *argument)
{
    call *c = argument;
    c->status = hf_close_then(c->table, c->handle, c->then, c->argument);
}

void call_close_wait(void *argument)
{
    call *c = argument;
    c->status = hf_close_wait(c->table, c->handle, c->timeout, &c->result);
}

void call_shutdown(void *argument)
{
    call *c = argument;
    c->status = hf_table_shutdown(c->table, c->timeout);
}

void call_destroy(void *argument)
{
    call *c = argument;
    hf_table_destroy(c->table);
}
