#include "json_strict.h"

#include <stdint.h>
#include <string.h>

enum { DEEPEST = 32 };

typedef struct reader {
    const unsigned char *at;
    const unsigned char *end;
    unsigned depth;
} reader;

static bool value(reader *r);

static bool take(reader *r, char c)
{
    if (r->at == r->end || *r->at != (unsigned char)c)
        return false;
    r->at++;
    return true;
}

static bool word(reader *r, const char *text)
{
    size_t length = strlen(text);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, text, length) != 0)
        return false;
    r->at += length;
    return true;
}

static bool digits(reader *r)
{
    const unsigned char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return r->at > start;
}

static bool number(reader *r)
{
    (void)take(r, '-');
    if (!take(r, '0') && !digits(r))
        return false;
    if (take(r, '.') && !digits(r))
        return false;
    if (take(r, 'e') || take(r, 'E')) {
        if (!take(r, '+'))
            (void)take(r, '-');
        return digits(r);
    }
    return true;
}

/* The code unit of \uXXXX, -1 if it is malformed. */
static int unit(reader *r)
{
    int sum = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        static const char hex[] = "0123456789abcdefABCDEF";
        const char *found = r->at < r->end && *r->at != 0 ? strchr(hex, *r->at) : NULL;
        if (found == NULL)
            return -1;
        int digit = (int)(found - hex);
        sum = sum * 16 + (digit > 15 ? digit - 6 : digit);
    }
    return sum;
}

static bool escape(reader *r)
{
    if (!take(r, 'u'))
        return r->at < r->end && *r->at != 0 && strchr("\"\\/bfnrt", *r->at++) != NULL;
    int first = unit(r);
    if (first < 0xd800 || first > 0xdfff)
        return first >= 0;
    int second = first < 0xdc00 && word(r, "\\u") ? unit(r) : -1;
    return second >= 0xdc00 && second <= 0xdfff;
}

/* A sequence of UTF-8: the table of RFC 3629, by ranges of the first and second byte. */
static bool sequence(reader *r)
{
    static const struct {
        uint8_t first, last, low, high, more;
    } forms[] = {
        {0x20, 0x7e, 0, 0, 0},       {0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2},
        {0xe1, 0xec, 0x80, 0xbf, 2}, {0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2},
        {0xf0, 0xf0, 0x90, 0xbf, 3}, {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        if (*r->at < forms[i].first || *r->at > forms[i].last)
            continue;
        if ((size_t)(r->end - r->at) <= forms[i].more)
            return false;
        for (unsigned n = 1; n <= forms[i].more; n++)
            if (r->at[n] < (n == 1 ? forms[i].low : 0x80) ||
                r->at[n] > (n == 1 ? forms[i].high : 0xbf))
                return false;
        r->at += forms[i].more + 1u;
        return true;
    }
    return false;
}

static bool string(reader *r)
{
    if (!take(r, '"'))
        return false;
    while (r->at < r->end && *r->at != '"') {
        if (take(r, '\\') ? !escape(r) : !sequence(r))
            return false;
    }
    return take(r, '"');
}

/* What lies between an opening and a closing bracket. */
static bool items(reader *r, char close, bool named)
{
    if (take(r, close))
        return true;
    do {
        if (named && !(string(r) && take(r, ':')))
            return false;
        if (!value(r))
            return false;
    } while (take(r, ','));
    return take(r, close);
}

static bool value(reader *r)
{
    if (r->at == r->end || ++r->depth > DEEPEST)
        return false;
    bool good;
    if (*r->at == '"')
        good = string(r);
    else if (take(r, '{'))
        good = items(r, '}', true);
    else if (take(r, '['))
        good = items(r, ']', false);
    else
        good = word(r, "null") || word(r, "true") || word(r, "false") || number(r);
    r->depth--;
    return good;
}

bool json_is_object(const char *text, size_t length)
{
    reader r = {(const unsigned char *)text, (const unsigned char *)text + length, 0};
    return length > 0 && text[0] == '{' && value(&r) && r.at == r.end;
}
