/* A callback that runs, and what is to be done when it has returned. */
#ifndef HF_CORE_DISPATCH_H
#define HF_CORE_DISPATCH_H

#include <holdfast/dispatch.h>

/* One after-return action. */
typedef struct hf_after {
    enum { HF_AFTER_CALL, HF_AFTER_RELEASE, HF_AFTER_CLOSE } kind;
    union {
        struct {
            void (*action)(void *context);
            void *context;
        } call;
        hf_ref ref;
        struct {
            hf_table *table;
            hf_handle handle;
        } close;
    } what;
} hf_after;

/* The dispatcher's memory: it sets `count` to 0 and hands the callback a pointer to it. */
struct hf_callback {
    uint32_t count;
    hf_after actions[HF_AFTER_ACTIONS];
};

/* Does the after-return actions in order.  To be called when the callback has returned and its
 * region is left; then the callback is over. */
void hf_callback_finish(hf_callback *self);

#endif
