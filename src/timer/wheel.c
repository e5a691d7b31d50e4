/* The order of timers as a hierarchical wheel (Varghese and Lauck, 1987), exact to the microsecond.
 *
 * A deadline is read as a number of 8 digits with 8 bits each, and so is the wheel's time.  A link
 * lies on the level of the highest digit in which its deadline differs from the time, in the bucket
 * of that digit:
 *
 *      time                01 7f 3c 05 | 22 | 9a 40 11
 *      a deadline          01 7f 3c 05 | 24 | 00 13 37       level 3, bucket 24
 *
 *      level 0   256 buckets of 1 us each                    the coming microseconds, one by one
 *      level 1   256 buckets of 256 us
 *      level 2   256 buckets of 65 ms
 *      level 3   256 buckets of 16.8 s                       24: 00 00 00 .. ff ff ff
 *      ...
 *      level 7   256 buckets of 2284 years
 *
 * (Signs are turned round first, so that the order of the digits is that of the deadlines.)
 *
 * From the rule of placing alone follows:
 *   1. Links with equal deadlines lie in the same bucket, whenever they were put in.  Lists are
 *      appended to, and keep their order when they are moved: equal ones stay in the order of
 *      insertion.
 *   2. Links on a level agree with the time in all higher digits and exceed it in that level's
 *      (on level 0 they may equal it).  So the earliest link lies on the lowest level that is not
 *      empty, in its lowest bucket that is not: two bitmaps tell, and no bucket is ever passed by
 *      one by one, however far the clock jumps.
 *   3. The time may be set forward without anything having to move up to the start of that first
 *      bucket; and to that start if its links are placed anew (cascade): each goes at least one
 *      level down, where all is empty.
 *
 * The time need not be the clock's.  It follows the clock when nothing is due, and where a bucket
 * must be spread out; not with every expiry, so that a link whose deadline is a little late (a
 * period that catches up) still finds its place in the wheel.  A link whose deadline is before the
 * time is kept in a heap, which comes before all that is in the wheel.  In which of the two a link
 * is its deadline tells, because the time never goes back.
 *
 * A bucket with few links is not spread out: its earliest is looked for.  That spares most links
 * the last one or two moves, and makes next_us exact when few timers are armed.
 *
 * Costs: insert and remove O(1): they touch the link, its neighbours, at most its bucket and two
 * words of bitmap (a link before the time costs what the heap costs).  A link is moved at most
 * seven times in its life, commonly twice, so expire is O(levels) amortised; a single call may have
 * to spread out all links of one bucket.  next_us O(1).
 *
 * What those moves cost is waiting for memory: a link of a million is in no cache, and only the
 * link before it tells where it is.  So each link remembers, in its place, the one that came RECENT
 * before it, and the bucket its last RECENT.  A bucket is spread out from its end, asking for each
 * link that early (measured: that halves the time of an expiry with 100 000 timers).  These are
 * hints: a link that has left since is asked for in vain, and nothing else.
 *
 * Rings: a bucket begins with a link that stands for both ends of its list.  It is set up when the
 * bucket gets its first link. */
#include "platform/platform.h"
#include "timer/order.h"

enum {
    DIGIT_BITS = 8,
    LEVELS = 64 / DIGIT_BITS,
    SLOTS = 1 << DIGIT_BITS,
    BUCKETS = LEVELS * SLOTS,
    WORD_BITS = 64,
    WORDS = SLOTS / WORD_BITS, /* of a level's bitmap */
    FEW = 8,                   /* links that are looked through rather than spread out */
    RECENT = 4,
    LINE = 64
};
_Static_assert(LEVELS *DIGIT_BITS == 64, "the digits cover a deadline");
_Static_assert(SLOTS % WORD_BITS == 0, "a level's bitmap is whole words");

/* A cache line. */
typedef struct bucket {
    hf_timer_link ends; /* its deadline counts the links that ever came in */
    hf_timer_link *recent[RECENT];
} bucket;
_Static_assert(sizeof(void *) != 8 || sizeof(bucket) == LINE, "a bucket is a cache line");

typedef struct wheel {
    uint64_t time;    /* every link in a bucket is due then or later */
    uint32_t levels;  /* bit for each level that is not empty */
    uint64_t overdue; /* links in the heap: all due before the time */
    void *late;       /* the heap */
    size_t bytes;
    uint64_t filled[LEVELS * WORDS]; /* bit for each bucket that is not empty */
    _Alignas(LINE) bucket buckets[BUCKETS];
} wheel;

/* ---- numbers -------------------------------------------------------------------------------- */

/* Deadlines as unsigned numbers in the same order, and back. */
#define SIGN (UINT64_C(1) << 63)

static inline uint64_t key_of(int64_t deadline_us)
{
    return (uint64_t)deadline_us ^ SIGN;
}

static inline int64_t deadline_of(uint64_t key)
{
    return (int64_t)(key ^ SIGN);
}

/* The bucket of a key while it is `time`. */
static inline uint32_t bucket_of(uint64_t time, uint64_t key)
{
    uint64_t differing = (time ^ key) | 1;
    uint32_t level = (uint32_t)(63 - __builtin_clzll(differing)) / DIGIT_BITS;
    return level * SLOTS + (uint32_t)(key >> level * DIGIT_BITS) % SLOTS;
}

/* The earliest key that may lie in a bucket. */
static inline uint64_t start_of(uint64_t time, uint32_t number)
{
    uint32_t shift = number / SLOTS * DIGIT_BITS;
    return ((time >> shift & ~(uint64_t)(SLOTS - 1)) | number % SLOTS) << shift;
}

/* ---- buckets -------------------------------------------------------------------------------- */

static inline uint64_t bit_of(uint32_t number)
{
    return UINT64_C(1) << number % WORD_BITS;
}

static void set_up(bucket *b)
{
    b->ends = (hf_timer_link){.next = &b->ends, .previous = &b->ends};
    for (int i = 0; i < RECENT; i++)
        b->recent[i] = &b->ends;
}

/* The bucket where a link belongs, marked as not empty. */
static inline bucket *bucket_for(wheel *w, const hf_timer_link *link)
{
    uint32_t number = bucket_of(w->time, key_of(link->deadline_us));
    uint64_t *word = &w->filled[number / WORD_BITS];
    if ((*word & bit_of(number)) == 0) {
        *word |= bit_of(number);
        w->levels |= UINT32_C(1) << number / SLOTS;
        set_up(&w->buckets[number]);
    }
    return &w->buckets[number];
}

static inline void join(hf_timer_link *link, hf_timer_link *previous, hf_timer_link *next)
{
    link->previous = previous;
    link->next = next;
    previous->next = link;
    next->previous = link;
}

/* Makes a link the most recent one of its bucket; answers which had been so RECENT links ago. */
static inline hf_timer_link *note(bucket *b, hf_timer_link *link)
{
    hf_timer_link **recent = &b->recent[(uint64_t)b->ends.deadline_us++ % RECENT];
    hf_timer_link *earlier = *recent;
    *recent = link;
    return earlier;
}

static inline void append(wheel *w, hf_timer_link *link)
{
    bucket *b = bucket_for(w, link);
    join(link, b->ends.previous, &b->ends);
    link->place = (uintptr_t)note(b, link);
}

/* The same at the front, from where lists are followed to their ends no more: so it is the link
 * that was put there RECENT links ago which gets the hint.  Only in a cascade, which has set up the
 * bucket: all that it knows are in. */
static inline void prepend(wheel *w, hf_timer_link *link)
{
    bucket *b = bucket_for(w, link);
    join(link, &b->ends, b->ends.next);
    note(b, link)->place = (uintptr_t)link;
}

static inline void ask_for_recent(const bucket *b)
{
    for (int i = 0; i < RECENT; i++)
        __builtin_prefetch(b->recent[i]);
}

static void mark_empty(wheel *w, uint32_t number)
{
    uint32_t level = number / SLOTS;
    uint64_t left = 0;
    w->filled[number / WORD_BITS] &= ~bit_of(number);
    for (uint32_t i = 0; i < WORDS; i++)
        left |= w->filled[level * WORDS + i];
    if (left == 0)
        w->levels &= ~(UINT32_C(1) << level);
}

/* Only the ends of its bucket are a link's neighbours on both sides. */
static inline void unlink(wheel *w, const hf_timer_link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    if (link->next == link->previous)
        mark_empty(w, (uint32_t)((const bucket *)(const void *)link->next - w->buckets));
}

/* The bucket with the earliest link of a wheel that is not empty. */
static uint32_t first_bucket(const wheel *w)
{
    uint32_t word = (uint32_t)__builtin_ctz(w->levels) * WORDS;
    while (w->filled[word] == 0)
        word++;
    return word * WORD_BITS + (uint32_t)__builtin_ctzll(w->filled[word]);
}

/* The earliest link of a bucket, the first among equals; NULL if there are too many to look at. */
static hf_timer_link *earliest_of_few(const wheel *w, uint32_t number)
{
    const bucket *b = &w->buckets[number];
    hf_timer_link *earliest = b->ends.next;
    if (number < SLOTS)
        return earliest;
    ask_for_recent(b);
    uint32_t seen = 1;
    for (hf_timer_link *link = earliest->next; link != &b->ends; link = link->next) {
        if (seen++ == FEW)
            return NULL;
        if (link->deadline_us < earliest->deadline_us)
            earliest = link;
    }
    return earliest;
}

/* Sets the time forward to the first bucket's start, and places its links anew: the last one first,
 * so that each goes to the front. */
static void cascade(wheel *w, uint32_t number, uint64_t time)
{
    const bucket *b = &w->buckets[number];
    hf_timer_link *link = b->ends.previous;
    ask_for_recent(b);
    mark_empty(w, number);
    w->time = time;
    while (link != &b->ends) {
        hf_timer_link *previous = link->previous;
        __builtin_prefetch((const void *)(uintptr_t)link->place);
        prepend(w, link);
        link = previous;
    }
}

/* ---- the order ------------------------------------------------------------------------------ */

static hf_status wheel_make(uint64_t capacity, int64_t now_us, size_t bytes, wheel **out)
{
    wheel *made = hf_os_reserve(bytes);
    if (made == NULL)
        return HF_E_NO_ADDRESS_SPACE;
    hf_status status = HF_E_NO_MEMORY;
    if (hf_os_commit(made, bytes))
        status = hf_heap_create(capacity, now_us, &made->late);
    if (status != HF_OK) {
        hf_os_unreserve(made, bytes);
        return status;
    }
    made->time = key_of(now_us);
    made->bytes = bytes;
    *out = made;
    return HF_OK;
}

static hf_status wheel_create(uint64_t capacity, int64_t now_us, void **order)
{
    size_t page = hf_os_page_size();
    wheel *made;
    hf_status status =
        wheel_make(capacity, now_us, (sizeof(wheel) + page - 1) & ~(page - 1), &made);
    if (status == HF_OK)
        *order = made;
    return status;
}

static void wheel_destroy(void *order)
{
    wheel *w = order;
    hf_heap_destroy(w->late);
    hf_os_unreserve(w, w->bytes);
}

/* Links need no room in the wheel, but any of them might have to go to the heap. */
static hf_status wheel_reserve(void *order, uint64_t count)
{
    const wheel *w = order;
    return hf_heap_reserve(w->late, count);
}

static void wheel_insert(void *order, hf_timer_link *link)
{
    wheel *w = order;
    if (key_of(link->deadline_us) >= w->time) {
        append(w, link);
        return;
    }
    hf_heap_insert(w->late, link);
    w->overdue++;
}

static void wheel_remove(void *order, hf_timer_link *link)
{
    wheel *w = order;
    if (key_of(link->deadline_us) >= w->time) {
        unlink(w, link);
        return;
    }
    hf_heap_remove(w->late, link);
    w->overdue--;
}

static hf_timer_link *expire_overdue(wheel *w, int64_t now_us)
{
    hf_timer_link *due = hf_heap_expire(w->late, now_us);
    if (due != NULL)
        w->overdue--;
    return due;
}

static hf_timer_link *wheel_expire(void *order, int64_t now_us)
{
    wheel *w = order;
    uint64_t now = key_of(now_us);
    if (w->overdue != 0)
        return expire_overdue(w, now_us);
    while (w->levels != 0) {
        uint32_t number = first_bucket(w);
        uint64_t start = start_of(w->time, number);
        if (start > now)
            break;
        hf_timer_link *due = earliest_of_few(w, number);
        if (due != NULL && due->deadline_us <= now_us) {
            unlink(w, due);
            return due;
        }
        cascade(w, number, start);
    }
    if (w->time < now)
        w->time = now;
    return NULL;
}

static int64_t wheel_next_us(const void *order)
{
    const wheel *w = order;
    if (w->overdue != 0)
        return hf_heap_next_us(w->late);
    if (w->levels == 0)
        return INT64_MAX;
    uint32_t number = first_bucket(w);
    const hf_timer_link *earliest = earliest_of_few(w, number);
    return earliest != NULL ? earliest->deadline_us : deadline_of(start_of(w->time, number));
}

/* ---- validity ------------------------------------------------------------------------------- */

static bool bucket_is_valid(const wheel *w, uint32_t number)
{
    const hf_timer_link *ends = &w->buckets[number].ends;
    const hf_timer_link *previous = ends;
    for (const hf_timer_link *link = ends->next; link != ends; link = link->next) {
        uint64_t key = key_of(link->deadline_us);
        if (link->previous != previous || key < w->time || bucket_of(w->time, key) != number)
            return false;
        previous = link;
    }
    return ends->previous == previous && previous != ends;
}

bool hf_wheel_is_valid(const void *order)
{
    const wheel *w = order;
    uint32_t levels = 0;
    for (uint32_t number = 0; number < BUCKETS; number++) {
        if ((w->filled[number / WORD_BITS] & bit_of(number)) == 0)
            continue;
        levels |= UINT32_C(1) << number / SLOTS;
        if (!bucket_is_valid(w, number))
            return false;
    }
    return levels == w->levels && hf_heap_is_valid(w->late);
}

const hf_timer_order hf_timer_wheel = {
    .size = sizeof(hf_timer_order),
    .name = "wheel",
    .create = wheel_create,
    .destroy = wheel_destroy,
    .reserve = wheel_reserve,
    .insert = wheel_insert,
    .remove = wheel_remove,
    .expire = wheel_expire,
    .next_us = wheel_next_us,
};
