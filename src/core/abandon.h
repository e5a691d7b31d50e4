/* What is done on behalf of a thread that ends inside regions. */
#ifndef HF_CORE_ABANDON_H
#define HF_CORE_ABANDON_H

#include <stdint.h>

/* Leaves every region that the record's thread did not leave, and reports each. */
void hf_abandon_regions(uint32_t record);

#endif
