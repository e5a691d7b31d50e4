/* Waiting without deadlock (src/core/deadlock.c, waiting.c), with store buffers, for the Spin model
 * checker.
 *
 * What is modelled.  Each of THREADS threads goes through ROUNDS rounds: it holds the thing of its
 * own number, chooses a thing of another thread, publishes that it waits for it, fences, searches,
 * and is refused, or waits until the thing is given back (TIMEOUTS: or until it gives up); then it
 * withdraws and gives its own thing back.  As every thing has one holder, and every thread one
 * wait, the search follows a single path.  A publication is one word: number of the round, and the
 * thing; that its parts are read together is the business of a sequence lock, and not modelled.
 *
 * Stores go into the thread's buffer, which empties into memory in order and at any time (the
 * processes `memory`), and at the latest at the fence: the memory model of x86.
 *
 * What is proved, for each configuration in CMakeLists.txt:
 *  W1  nobody waits for ever (no invalid end state): of the threads of a cycle one is refused;
 *  W2  whoever is refused was part of a cycle whose waits and holds were all there at one moment
 *      since its search began.
 *
 * Each BREAK_ macro takes one step out; CMakeLists.txt expects every such model to be caught.
 * HANGS_ONLY leaves W2 out, so that it must be W1 that catches it. */

#ifndef THREADS
#define THREADS 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif

#ifndef BUFFER
#define BUFFER 3 /* stores that a buffer holds */
#endif

#define NOTHING 0
#define PUB     0
#define HOLD    1

/* round * 8 + thing + 1; NOTHING: does not wait */
#define thing_of(word) ((word) % 8 - 1)

byte pub[THREADS];
bool hold[THREADS];
chan buffer[THREADS] = [BUFFER] of { bit, byte };

bool was[THREADS]; /* there was a cycle through this thread */

/* Notes which threads are part of a cycle, as memory is now.  Three bytes to work with are given, and
 * zero afterwards. */
inline look(begin, node, hops) {
    begin = 0;
    do
    :: begin < THREADS ->
        node = begin;
        hops = 0;
        do
        :: hops < THREADS && pub[node] != NOTHING && hold[thing_of(pub[node])] ->
            node = thing_of(pub[node]);
            hops++;
            if
            :: node == begin -> was[begin] = true; break
            :: else
            fi
        :: else -> break
        od;
        begin++
    :: else -> break
    od;
    begin = 0;
    node = 0;
    hops = 0
}

proctype memory(byte own) {
    bit what;
    byte word;
    byte first;
    byte at;
    byte steps;
end:
    do
    :: d_step {
        buffer[own] ? what, word ->
        if
        :: what == PUB -> pub[own] = word
        :: else -> hold[own] = word
        fi;
        look(first, at, steps);
        what = 0;
        word = 0
       }
    od
}

/* The first walk: along what the holders wait for, until one waits for the thing of this thread. */
inline search() {
    found = false;
    at = target;
    length = 0;
    do
    :: atomic {
        hold[at] && pub[at] != NOTHING ->
        seen[length] = pub[at];
        who[length] = at;
        length++;
        at = thing_of(pub[at]);
        if
        :: at == own -> found = true; break
        :: at != own && length == THREADS - 1 -> break /* a cycle of others */
        :: else
        fi
       }
    :: atomic { !hold[at] || pub[at] == NOTHING -> break }
    od
}

/* The second: every wait must still be the same. */
#ifdef BREAK_SEQUENCE
#define same(word) (thing_of(pub[who[step]]) == thing_of(word) && pub[who[step]] != NOTHING)
#else
#define same(word) (pub[who[step]] == word)
#endif

inline walk_again() {
    step = 0;
    do
    :: atomic { step < length && hold[who[step]] && same(seen[step]) -> step++ }
    :: atomic { step < length && !(hold[who[step]] && same(seen[step])) -> break }
    :: atomic { step == length -> break }
    od
}

inline publish() {
    buffer[own] ! PUB, round * 8 + target + 1;
#ifndef BREAK_FENCE
    empty(buffer[own])
#endif
}

inline ask() {
    d_step {
        was[own] = false;
        look(at, length, step)
    }
again:
    search();
#ifndef BREAK_SECOND
    if
    :: found ->
        walk_again();
        if
        :: step < length -> goto again
        :: else
        fi
    :: else
    fi
#endif
}

proctype thread(byte own) {
    byte round = 1;
    byte target;
    byte at;
    byte length;
    byte step;
    byte seen[THREADS];
    byte who[THREADS];
    bool found;
    do
    :: round > ROUNDS -> break
    :: else ->
        buffer[own] ! HOLD, true;
        if
        :: target = (own + 1) % THREADS
#ifndef RING /* each waits for the next one only */
        :: target = (own + THREADS - 1) % THREADS
#endif
        fi;
#ifdef BREAK_ORDER
        ask();
        publish();
#else
        publish();
        ask();
#endif
        if
        :: found -> /* refused */
#ifndef HANGS_ONLY
            assert(was[own]) /* W2 */
#endif
        :: else ->
            if
            :: !hold[target] /* it was given back */
#ifdef TIMEOUTS
            :: true
#endif
            fi
        fi;
        buffer[own] ! PUB, NOTHING;
        buffer[own] ! HOLD, false;
        round++
    od
}

init {
    byte i;
    atomic {
        do
        :: i < THREADS ->
            run memory(i);
            run thread(i);
            i++
        :: else -> break
        od
    }
}
