/* A second thread that does one thing at a time, when told to: with it a test spells out what
 * happens on which thread, in which order, without sleeping. */
#ifndef TESTS_ACTOR_H
#define TESTS_ACTOR_H

typedef struct actor actor;
typedef void (*actor_task)(void *argument);

actor *actor_start(void);

/* Does a task on the actor's thread and waits for its end. */
void actor_do(actor *who, actor_task task, void *argument);

/* Starts a task that may block; actor_finish waits for its end. */
void actor_begin(actor *who, actor_task task, void *argument);
void actor_finish(actor *who);

/* Waits until the task that was begun sleeps in the system: it waits for somebody, and has done all
 * that comes before that.  The task must have got to where nothing but that wait is left to sleep
 * in. */
void actor_until_asleep(actor *who);

/* Ends the thread, which returns from its start function, and joins it. */
void actor_end(actor *who);

#endif
