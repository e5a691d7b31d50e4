/* The C library's functions on memory, for this library alone (hidden, so that its own calls end
 * here).  Those of the process may be a sanitizer's, which would take the library's lock-free
 * reading for the program's data races, or the program's own. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t)) {
        uint64_t word;
        __builtin_memcpy(&word, in, sizeof word); /* becomes a load */
        __builtin_memcpy(out, &word, sizeof word);
        in += sizeof word;
        out += sizeof word;
    }
    while (length-- > 0)
        *out++ = *in++;
    return to;
}

void *memmove(void *to, const void *from, size_t length)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    if ((uintptr_t)out - (uintptr_t)in >= length)
        return memcpy(to, from, length);
    while (length-- > 0)
        out[length] = in[length];
    return to;
}

void *memset(void *to, int byte, size_t length)
{
    unsigned char *out = to;
    while (length-- > 0)
        *out++ = (unsigned char)byte;
    return to;
}

int memcmp(const void *left, const void *right, size_t length)
{
    const unsigned char *one = left;
    const unsigned char *other = right;
    for (; length > 0; length--, one++, other++)
        if (*one != *other)
            return *one < *other ? -1 : 1;
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

/* The bits of the zero bytes of a word; above the lowest, also others. */
static inline uint64_t zero_bytes(uint64_t word)
{
    return (word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080);
}

/* Every path that is opened comes through here, so whole words are looked at: aligned, they are
 * readable up to their ends if they are at their beginnings.  (Valgrind knows that, too.) */
size_t strnlen(const char *text, size_t most)
{
    size_t before = (uintptr_t)text % sizeof(uint64_t);
    const char *at = text - before;
    uint64_t word;
    __builtin_memcpy(&word, __builtin_assume_aligned(at, sizeof word), sizeof word);
    word |= (UINT64_C(1) << 8 * before) - 1; /* what lies before the text is not its end */
    while (zero_bytes(word) == 0) {
        at += sizeof word;
        if ((size_t)(at - text) >= most)
            return most;
        __builtin_memcpy(&word, __builtin_assume_aligned(at, sizeof word), sizeof word);
    }
    size_t end = (size_t)(at - text) + (size_t)__builtin_ctzll(zero_bytes(word)) / 8;
    return end < most ? end : most;
}
