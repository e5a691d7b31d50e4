/* The index of pointers (tools/preload/pointers.c), for the Spin model checker.
 *
 * What is modelled.  Each of OPENERS threads has a pointer of its own, and ROUNDS times opens it: it
 * takes a cell, writes to it, publishes, finds itself, and closes.  A reader looks any of them up,
 * LOOKS times.  All pointers are looked for at the same first place; there are PLACES, and as many
 * cells as a loser may waste.  Each access to memory is a step; they take effect in order, so
 * fences have no part in this.
 *
 * What is proved, for each configuration in CMakeLists.txt:
 *  P1  nobody else writes to a cell between taking and publishing;
 *  P2  what a reader believes is all of one life of that pointer;
 *  P3  a pointer that was published is found, until it is closed.
 *
 * Each BREAK_ macro takes one step out; CMakeLists.txt expects every such model to be caught. */

#ifndef OPENERS
#define OPENERS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef LOOKS
#define LOOKS 0
#endif

#define PLACES  2
#define CELLS   (PLACES + OPENERS)
#define LIVES   (OPENERS * ROUNDS + 2)
#define NOTHING 0
#define TAKEN   1 /* handles are numbers from 2 on */
#define NOBODY  255

byte place[PLACES]; /* number of the cell, from 1 on */
byte used;

/* Cells. */
byte key[CELLS];    /* the pointer, from 1 on */
byte handle[CELLS];
byte field[CELLS];  /* of which life the rest is */
byte owner[CELLS];  /* who took it: for P1 */

/* Handles. */
byte last_handle = TAKEN;
bool live[LIVES];
byte opened_for[LIVES];

/* The cell of a pointer, in `cell`, or NOBODY. */
inline find(pointer) {
    cell = NOBODY;
    step = 0;
    do
    :: step == PLACES || place[step] == 0 -> break
    :: else ->
        cell = place[step] - 1;
#ifdef BREAK_FIND_ORDER
        same = key[cell] == pointer;
#endif
        seen = handle[cell];
#ifdef BREAK_FIND_TAKEN
        seen = NOTHING;
#endif
#ifndef BREAK_FIND_ORDER
        same = key[cell] == pointer;
#endif
        if
        :: seen != TAKEN && same -> break
        :: else
        fi;
        cell = NOBODY;
        step++
    od;
    seen = NOTHING;
    same = false
}

/* What is known of a pointer: its handle in `seen`, or NOTHING. */
inline look_up(pointer) {
    find(pointer);
    if
    :: cell != NOBODY ->
        seen = handle[cell];
        what = field[cell];
        same = key[cell] == pointer;
#ifdef BREAK_LOOK_KEY
        same = true;
#endif
#ifdef BREAK_LOOK_HANDLE
        again = seen;
#else
        again = handle[cell];
#endif
        if
        :: !same || again != seen || seen == TAKEN -> seen = NOTHING
        :: else
        fi;
        again = NOTHING;
        same = false
    :: else
    fi
}

/* Takes `cell`, or makes it NOBODY. */
inline claim(pointer) {
    seen = handle[cell];
    same = key[cell] == pointer;
    if
#ifndef BREAK_CLAIM_TAKEN
    :: seen == TAKEN -> cell = NOBODY
#endif
#ifndef BREAK_CLAIM_LIVE
    :: seen > TAKEN && !same && live[seen] -> cell = NOBODY
#endif
    :: else ->
        atomic {
            if
#ifndef BREAK_CLAIM_COMPARE
            :: handle[cell] != seen -> cell = NOBODY
#endif
            :: else ->
                handle[cell] = TAKEN;
                assert(owner[cell] == NOTHING); /* P1 */
                owner[cell] = pointer
            fi
        };
        if
        :: cell != NOBODY -> key[cell] = pointer
        :: else
        fi
    fi;
    seen = NOTHING;
    same = false
}

/* The next unused cell for a place. */
inline make_cell() {
    atomic { fresh = used; used++ };
#ifdef BREAK_PLACE_COMPARE
    place[step] = fresh + 1;
#else
    atomic {
        if
        :: place[step] == 0 -> place[step] = fresh + 1
        :: else
        fi
    };
#endif
    fresh = 0
}

/* A cell for a pointer, in `cell`, or NOBODY. */
inline take(pointer) {
    find(pointer);
    if
    :: cell != NOBODY -> claim(pointer)
    :: else
    fi;
    step = 0;
    do
    :: cell != NOBODY || step == PLACES -> break
    :: else ->
        if
        :: place[step] == 0 && used < CELLS -> make_cell()
        :: else
        fi;
        if
        :: place[step] != 0 ->
            cell = place[step] - 1;
            claim(pointer)
        :: else
        fi;
        step++
    od
}

proctype opener(byte pointer) {
    byte round;
    byte cell;
    byte step;
    byte fresh;
    byte seen;
    byte what;
    byte again;
    byte own;
    bool same;
    do
    :: round == ROUNDS -> break
    :: else ->
        round++;
        take(pointer);
        if
        :: cell != NOBODY ->
            atomic {
                last_handle++;
                own = last_handle;
                live[own] = true;
                opened_for[own] = pointer
            };
            field[cell] = own;
            atomic {
                assert(owner[cell] == pointer); /* P1 */
                owner[cell] = NOTHING;
                handle[cell] = own
            };
            look_up(pointer);
            assert(seen == own && what == own); /* P3, P2 */
            live[own] = false
        :: else
        fi;
        d_step { cell = 0; step = 0; seen = 0; what = 0; again = 0; own = 0; same = false }
    od
}

proctype reader() {
    byte left = LOOKS;
    byte cell;
    byte step;
    byte seen;
    byte what;
    byte again;
    byte pointer;
    bool same;
    do
    :: left == 0 -> break
    :: else ->
        left--;
        select(pointer : 1 .. OPENERS);
        look_up(pointer);
        assert(seen == NOTHING || (what == seen && opened_for[seen] == pointer)); /* P2 */
        d_step { cell = 0; step = 0; seen = 0; what = 0; again = 0; pointer = 0; same = false }
    od
}

init {
    byte i;
    atomic {
        for (i : 1 .. OPENERS) {
            run opener(i)
        }
        run reader()
    }
}
