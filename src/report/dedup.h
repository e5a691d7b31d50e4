/* What was reported before: a set of 64-bit keys that never forgets. */
#ifndef HF_REPORT_DEDUP_H
#define HF_REPORT_DEDUP_H

#include <stdbool.h>
#include <stdint.h>

enum { HF_DEDUP_LIMIT = 3 << 11 };

typedef enum hf_dedup_answer {
    HF_DEDUP_NEW,   /* was added */
    HF_DEDUP_KNOWN, /* was there */
    HF_DEDUP_FULL   /* is not there, and HF_DEDUP_LIMIT keys are */
} hf_dedup_answer;

/* Of threads that add the same key at once, one is answered NEW.  Lock-free. */
hf_dedup_answer hf_dedup_add(uint64_t key);
bool hf_dedup_has(uint64_t key);

/* A key made of two numbers; of further ones by applying it again. */
uint64_t hf_dedup_key(uint64_t left, uint64_t right);

#endif
