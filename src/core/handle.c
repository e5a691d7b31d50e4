/* The exported twins of what <holdfast/handle.h> defines inline. */
#include <holdfast/handle.h>

extern inline bool hf_handle_is_null(hf_handle handle);
extern inline bool hf_handle_equal(hf_handle left, hf_handle right);
