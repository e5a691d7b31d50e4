/* Each is nothing but its call: what is stepped through is the library's. */
#include "subject.h"

#include "others.h"

hf_region subject_region;
hf_status subject_entered;

void subject_enter(void)
{
    subject_entered = hf_enter(all.table, all.subject, NULL, &subject_region);
}

void subject_leave(void)
{
    hf_leave(&subject_region);
}

void subject_close(void)
{
    (void)hf_close(all.table, all.subject, NULL);
}
