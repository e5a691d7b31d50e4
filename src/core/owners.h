/* What core needs of namespaces: to enrol a handle as holder of its value, to strike it off, and to
 * look for others.  src/native/namespace.c implements it; core does not know how values are stored.
 *
 * None of the functions below takes a lock.  hf_owners_enrol may take memory from the system; the
 * others allocate nothing. */
#ifndef HF_CORE_OWNERS_H
#define HF_CORE_OWNERS_H

#include <holdfast/type.h>

/* Enrols a handle, then looks for other handles with the same value.  If `borrowed` is false and
 * another owned handle of this value is enrolled, that one is answered, otherwise the null handle.
 * Of two threads that enrol the same value as owned at the same time, at least one is told of the
 * other.  When there is no room or no memory, the handle is not tracked, and name_space->untracked
 * grows. */
hf_handle hf_owners_enrol(hf_namespace *name_space, hf_value value, hf_handle handle,
                          bool borrowed);

/* Strikes a handle off.  Nothing happens if it is not enrolled. */
void hf_owners_strike(hf_namespace *name_space, hf_value value, hf_handle handle);

/* Looks for an enrolled handle of this value other than `except`; borrowed ones or owned ones.
 * Null if there is none. */
hf_handle hf_owners_find(hf_namespace *name_space, hf_value value, hf_handle except, bool borrowed);

#endif
