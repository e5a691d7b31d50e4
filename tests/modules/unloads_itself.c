/* A module whose callback asks for the module's own end, which must come after it has returned: the
 * code that would be returned to is gone otherwise. */
#include <holdfast/dispatch.h>

typedef struct unload_request {
    void (*action)(void *context); /* NULL: close `handle` instead */
    void *context;
    hf_table *table;
    hf_handle handle;
    unsigned called;
    hf_status status;
} unload_request;

__attribute__((visibility("default"))) void module_callback(hf_value value, void *argument,
                                                            hf_callback *self);

__attribute__((visibility("default"))) void module_callback(hf_value value, void *argument,
                                                            hf_callback *self)
{
    unload_request *request = argument;
    (void)value;
    request->called++;
    request->status = request->action != NULL
                          ? hf_after_return(self, request->action, request->context)
                          : hf_after_return_close(self, request->table, request->handle);
}
