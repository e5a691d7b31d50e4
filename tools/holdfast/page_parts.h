/* The page but for its data.  Made from page/ by page/embed.cmake. */
#ifndef TOOL_PAGE_PARTS_H
#define TOOL_PAGE_PARTS_H

#include <stddef.h>

extern const unsigned char page_before_data[];
extern const size_t page_before_data_bytes;
extern const unsigned char page_after_data[];
extern const size_t page_after_data_bytes;

#endif
