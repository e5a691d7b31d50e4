/* The history of the handle that an address belongs to. */
#ifndef HF_CORE_DESCRIBE_H
#define HF_CORE_DESCRIBE_H

/* Meets AddressSanitizer, if it is there: has its reports followed by hf_describe_sanitizer_report
 * if the options ask for it, and the library's unused memory poisoned.  Only the first call does
 * anything. */
void hf_meet_sanitizer(void);

#endif
