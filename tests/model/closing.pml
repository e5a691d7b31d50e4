/* The closing protocol of one slot, with store buffers, for the Spin model checker.
 *
 * What is modelled.  THREADS workers each do OPS operations, chosen freely, on a slot that lives
 * through generations 1..LIVES, with any handle that was opened so far (FORGED: or ever will be).
 * The state word is one variable, and a compare-and-swap compares the whole of it.  A hazard is a
 * plain store: it goes into its thread's store buffer, which empties into memory in order and at
 * any time (the processes `memory`), and at the latest at a fence, at a read-modify-write, or when
 * another thread's heavy barrier makes it.  That is the memory model of x86.  What a processor that
 * also reorders loads needs beyond it (acquire, release) is argued in the code, not here.
 *
 * What is folded.  A loop of load and compare-and-swap that does nothing in between is one step: a
 * failed round has no effect, and a successful one acts as if it had loaded just then.  Where
 * something lies between (the scan in `settle`), load and compare-and-swap are apart.
 *
 * What is proved, for each configuration in CMakeLists.txt:
 *  S1  no value is released while a region or a count of its generation is inside;
 *  S2  each generation ends at most once, by release or by detach, and is closed at most once;
 *  S3  whoever is inside sees the value of that generation;
 *  S4  with a rundown, it is the thread that waits which releases;
 *  L1  each generation that was closed has been released once all threads ended;
 *  L2  nobody waits for ever (no invalid end state);
 *  L3  a handle that is open in the end shows no trace: no count, no mark of a detach, and hazard
 *      mode if it ever was promoted.
 *
 * Each BREAK_ macro takes one step out; CMakeLists.txt expects every such model to be caught. */

#ifndef THREADS
#define THREADS 2
#endif
#ifndef OPS
#define OPS 1 /* operations of each thread */
#endif
#ifndef LIVES
#define LIVES 1
#endif
#ifndef BUFFER
#define BUFFER 2 /* stores that a buffer holds; a store into a full one waits */
#endif

/* ---- the state word ------------------------------------------------------------------------- */

#define LIVE     1
#define HAZARD   2
#define CLOSED   4
#define SEALED   8
#define RELEASED 16 /* with LIVE: the mark of a detach under way */
#define WAITER   32
#define HOT      64 /* was promoted at some time in this life */
#define ONE      128
#define COUNT    (7 * ONE)
#define LIFE     1024 /* one generation */

#define generation(s) ((s) / LIFE)
#define is_free(s)    ((s) % LIFE == 0)
#define is_live(s)    (generation(s) == h && ((s) & LIVE))
#define is_tag(s)     (is_live(s) && ((s) & HAZARD)) /* what the fast paths compare */
#define is_settled(s) (generation(s) == h && ((s) & (SETTLED | UNSETTLED)) == SETTLED)

short state = LIFE;
byte value; /* stands for a value by the generation that it belongs to */

/* ---- the protocol's conditions, each with the mutant that weakens it ------------------------- */

/* May be released: closed, and the closer has passed its barrier ... */
#ifdef BREAK_SETTLE_SEALED
#define SETTLED CLOSED
#else
#define SETTLED (CLOSED | SEALED)
#endif
/* ... unless somebody counts, or has released it. */
#ifdef BREAK_SETTLE_COUNT
#define UNSETTLED RELEASED
#else
#define UNSETTLED (RELEASED | COUNT)
#endif

/* Left to the thread in rundown. */
#ifdef BREAK_SETTLE_WAITER
#define IS_LEFT_TO_WAITER(s) false
#else
#define IS_LEFT_TO_WAITER(s) ((s) & WAITER)
#endif

/* The compare of a compare-and-swap that claims. */
#ifdef BREAK_SETTLE_COMPARE
#define IS_UNCHANGED(s) true
#else
#define IS_UNCHANGED(s) (state == s)
#endif

/* Hazards hold the whole handle, generation included. */
#ifdef BREAK_SCAN_GENERATION
#define IS_FOUND(hazard) ((hazard) != 0)
#else
#define IS_FOUND(hazard) ((hazard) == h)
#endif

#ifdef BREAK_LEAVER_SCAN
#define LEAVER_SCANS false
#else
#define LEAVER_SCANS true
#endif
#ifdef BREAK_CLOSER_SCAN
#define CLOSER_SCANS false
#else
#define CLOSER_SCANS true
#endif

/* What keeps an enterer from promoting. */
#ifdef BREAK_PROMOTE_CLOSED
#define BARS_PROMOTION (HAZARD | RELEASED)
#else
#define BARS_PROMOTION (HAZARD | CLOSED | RELEASED)
#endif

/* What keeps a closer from releasing at once. */
#ifdef BREAK_CLOSE_HOT
#define BARS_CLAIM COUNT
#else
#define BARS_CLAIM (COUNT | HOT)
#endif

/* HOLDING: the closer counts itself from its first step on, for it calls the type's unblock. */
#ifdef HOLDING
#define HOLD ONE
#else
#define HOLD 0
#endif

/* What close clears: it refuses new regions and references now, or (UNTIL_RELEASED) only regions in
 * hazard mode; and it takes over from a detach. */
#ifdef UNTIL_RELEASED
#ifdef BREAK_CLOSE_HAZARD
#define REFUSED 0
#else
#define REFUSED HAZARD
#endif
#else
#define REFUSED LIVE
#endif

/* What the first step of close seals: what needs no barrier. */
#ifdef BREAK_CLOSE_SEAL
#define SEALS_HOT SEALED
#else
#define SEALS_HOT 0
#endif
#ifdef BREAK_CLOSE_COLD
#define SEALS_COLD 0
#else
#define SEALS_COLD SEALED
#endif

#ifdef BREAK_CLOSE_MARK
#define CLEARED_BY_CLOSE REFUSED
#else
#define CLEARED_BY_CLOSE (REFUSED | RELEASED)
#endif

/* What detach clears, sets, and puts back. */
#ifdef BREAK_DETACH_HAZARD
#define CLEARED_BY_DETACH 0
#else
#define CLEARED_BY_DETACH HAZARD
#endif
#ifdef BREAK_DETACH_MARK
#define MARK 0
#else
#define MARK RELEASED
#endif
#ifdef BREAK_DETACH_UNDO
#define UNDONE 0
#else
#define UNDONE MARK
#endif
#ifdef BREAK_DETACH_RESTORE
#define RESTORED 0
#else
#define RESTORED HAZARD
#endif

/* The compare of the compare-and-swap that detaches: the word as it was marked, with no count. */
#ifdef BREAK_DETACH_COUNT
#define IS_UNTOUCHED(s) ((state & ~COUNT) == s)
#else
#define IS_UNTOUCHED(s) (state == s)
#endif

/* ---- ghosts: what the properties speak of --------------------------------------------------- */

byte opened;             /* generations so far */
byte inside[LIVES + 2];  /* regions and counts, by generation */
bit asked[LIVES + 2];    /* close was asked for, and accepted */
bit ended[LIVES + 2];    /* released or detached */
byte rundown[LIVES + 2]; /* 1 + the thread that waits, or 0 */
byte done;               /* workers that ended */

/* ---- memory --------------------------------------------------------------------------------- */

byte hazards[THREADS]; /* one each: a nested region overflows into the count */
chan buffers[THREADS] = [BUFFER] of { byte };
bit woken[LIVES + 2]; /* what the thread in rundown sleeps on */

proctype memory(byte thread)
{
end:
    do
    :: buffers[thread]?hazards[thread]
    od
}

/* Part of a step. */
inline drain(thread)
{
    do
    :: nempty(buffers[thread]) -> buffers[thread]?hazards[thread]
    :: empty(buffers[thread]) -> break
    od
}

inline fence()
{
    d_step { drain(me) }
}

/* Between a store to a hazard and the load of the state after it.  Partner: heavy_barrier.  The
 * asymmetric one orders the compiler only. */
inline light_barrier()
{
#ifdef FENCES
    fence()
#else
    skip
#endif
}

/* Between a change of the state and the scan after it.  Partner: light_barrier.  Every other
 * thread's buffer is drained at some moment of the call, not all at one; the caller's own was
 * drained by the read-modify-write before. */
inline heavy_barrier()
{
#ifdef FENCES
    skip
#else
    do
    :: atomic { k < THREADS -> drain(k); k++ }
    :: atomic { k == THREADS -> k = 0; break }
    od
#endif
}

/* `mine` is the own hazard as the thread itself sees it: through its buffer. */
inline publish(handle)
{
    buffers[me]!handle;
    mine = handle
}

/* ---- the end of a life, and the next -------------------------------------------------------- */

/* By the one that won RELEASED.  The release function runs between the two steps. */
inline finish()
{
    d_step {
        assert(inside[h] == 0);
        assert(!ended[h]);
        assert(!rundown[h] || rundown[h] == me + 1);
        ended[h] = 1;
        rundown[h] = 0;
        won = 0;
        over = 1
    };
    state = (h + 1) * LIFE
}

proctype opener()
{
end:
    do
    :: is_free(state) && generation(state) <= LIVES ->
#ifndef BREAK_OPEN_ORDER
       value = generation(state);
#endif
       atomic {
           opened++;
           if
#ifndef ALWAYS_HOT
           :: state = state | LIVE
#endif
#ifndef ALWAYS_COLD
           :: state = state | LIVE | HAZARD | HOT
#endif
           fi
       }
#ifdef BREAK_OPEN_ORDER
       value = opened
#endif
    od
}

/* ---- settle: is it over, and is it mine to release? ----------------------------------------- */

/* One load a thread; anything may happen in between. */
inline scan()
{
    found = IS_FOUND(mine);
    do
    :: atomic { k < THREADS && !found -> found = (k != me && IS_FOUND(hazards[k])); k++ }
    :: atomic { k == THREADS || found -> k = 0; break }
    od
}

/* `waits`: by the thread in rundown.  `scans` is false in mutants only. */
inline settle(waits, scans)
{
    do
    :: atomic {
           s = state;
           if
           :: !is_settled(s) -> s = 0; break
           :: is_settled(s) && !waits && IS_LEFT_TO_WAITER(s) -> s = 0; wake = 1; break
           :: is_settled(s) && (waits || !IS_LEFT_TO_WAITER(s))
           fi
       }
       if
       :: (s & HOT) && scans -> scan()
       :: !((s & HOT) && scans)
       fi;
       atomic {
           if
           :: found -> found = 0; s = 0; break
           :: !found && IS_UNCHANGED(s) ->
              drain(me);
              state = (s | RELEASED) & ~LIVE;
              s = 0;
              won = 1;
              break
           :: !found && !IS_UNCHANGED(s) -> s = 0
           fi
       }
    od;
    if
    :: won -> finish()
    :: wake ->
       atomic {
           wake = 0;
#ifndef BREAK_WAKE
           woken[h] = 1
#endif
       }
    :: !won && !wake
    fi
}

/* ---- enter and leave ------------------------------------------------------------------------ */

#define BY_HAZARD 1
#define BY_COUNT  2

/* Part of a step. */
inline be_inside(how)
{
    assert(!ended[h]);
    assert(value == h);
    inside[h]++;
    held = how
}

/* Part of a step: the compare-and-swap that enters by count, and may promote. */
inline count_in()
{
    drain(me);
    state = state + ONE;
    be_inside(BY_COUNT);
    if
    :: true
    :: !(state & BARS_PROMOTION) -> state = state | HAZARD | HOT
    fi
}

/* Looks before it publishes: a cold or stale handle then costs no hazard. */
inline enter()
{
    if
    :: is_tag(state) ->
       atomic { publish(h) };
#ifndef BREAK_ENTER_LIGHT
       light_barrier();
#endif
       if
#ifdef BREAK_ENTER_LOOK
       :: atomic { true -> be_inside(BY_HAZARD) }
#else
       :: atomic { is_tag(state) -> be_inside(BY_HAZARD) }
       :: !is_tag(state) -> undo()
#endif
       fi
#ifdef OVERFLOW
    :: atomic { is_live(state) -> count_in() }
#else
    :: atomic { is_live(state) && !is_tag(state) -> count_in() }
#endif
    :: !is_live(state)
    fi
}

/* The transient hazard may have made a scanner step back: look again.  The inlined enter looks just
 * as a leaver does, and is done if the tag is its own again (a detach was undone); the library's
 * settles in any case. */
inline undo()
{
    atomic { publish(0) };
#ifndef BREAK_UNDO_LOOK
    light_barrier();
    if
    :: is_tag(state)
    :: true ->
#ifndef BREAK_UNDO_FENCE
       fence();
#endif
       settle(false, true)
    fi;
#endif
    if
    :: atomic { is_live(state) -> count_in() }
    :: !is_live(state)
    fi
}

inline leave()
{
    if
    :: held == BY_HAZARD -> leave_hazard()
    :: held == BY_COUNT -> leave_count()
    :: !held
    fi
}

inline leave_hazard()
{
    atomic {
        publish(0);
        assert(value == h);
        inside[h]--;
        held = 0
    }
#ifndef BREAK_LEAVE_LIGHT
    light_barrier();
#endif
#ifndef BREAK_LEAVE_LOOK
    if
    :: is_tag(state)
    :: !is_tag(state) ->
#ifndef BREAK_LEAVE_FENCE
       fence();
#endif
       settle(false, LEAVER_SCANS)
    fi
#endif
}

inline leave_count()
{
    atomic {
        drain(me);
        state = state - ONE;
        assert(value == h);
        inside[h]--;
        held = 0;
#ifndef BREAK_COUNT_LOOK
        last = is_settled(state)
#endif
    }
    if
    :: last -> last = 0; settle(false, LEAVER_SCANS)
    :: !last
    fi
}

/* ---- close and rundown ---------------------------------------------------------------------- */

/* Part of a step: the compare-and-swap that closes.  A cold handle that nobody holds is released at
 * once; a cold one that somebody holds is sealed at once, for it needs no barrier. */
inline ask(waits)
{
    assert(!asked[h]);
    asked[h] = 1;
    drain(me);
    if
    :: !(state & BARS_CLAIM) -> state = (state & ~LIVE) | CLOSED | SEALED | RELEASED; won = 1
    :: state & BARS_CLAIM ->
       go = 1;
       hot = (state & HOT) != 0;
       state = (state & ~CLEARED_BY_CLOSE) | CLOSED | (waits -> WAITER : 0);
       state = state | (hot -> SEALS_HOT : SEALS_COLD);
       state = state + HOLD;
       rundown[h] = (waits -> me + 1 : 0)
    fi
}

/* Looks not at the outcome: the closer settles next, and must. */
inline let_go()
{
#ifdef HOLDING
    atomic { drain(me); state = state - ONE }
#else
    skip
#endif
}

inline close(waits)
{
    atomic {
        if
        :: is_live(state) && !(state & CLOSED) -> ask(waits)
        :: !(is_live(state) && !(state & CLOSED))
        fi
    }
    if
    :: won -> finish()
    :: go && hot ->
#ifndef BREAK_CLOSE_BARRIER
       heavy_barrier();
#endif
       atomic { drain(me); state = state | SEALED };
       let_go();
#ifndef BREAK_CLOSE_SETTLE
       settle(waits, CLOSER_SCANS)
#endif
    :: go && !hot ->
       let_go();
#ifndef BREAK_HOLD_SETTLE
       settle(waits, true)
#endif
    :: !won && !go
    fi;
    if
    :: waits && go -> sleep_until_over()
    :: !(waits && go)
    fi;
    atomic { go = 0; hot = 0 }
}

inline sleep_until_over()
{
    do
    :: over -> break
    :: atomic { !over && woken[h] -> woken[h] = 0 };
       settle(true, true)
#ifdef TIMEOUTS
    :: atomic {
           !over ->
           assert(generation(state) == h && (state & WAITER));
           drain(me);
           state = state & ~WAITER;
           rundown[h] = 0
       };
#ifndef BREAK_TIMEOUT_SETTLE
       /* A leaver that saw WAITER left it to this thread. */
       settle(false, true);
#endif
       break
#endif
    od
}

/* ---- detach --------------------------------------------------------------------------------- */

/* Waits for none: if somebody holds the handle, it takes its mark back. */
inline detach()
{
    atomic {
        if
        :: is_live(state) && !(state & (CLOSED | RELEASED | COUNT)) ->
           drain(me);
           go = 1;
           hot = (state & HOT) != 0;
           state = (state & ~CLEARED_BY_DETACH) | MARK;
           s = state
        :: !(is_live(state) && !(state & (CLOSED | RELEASED | COUNT)))
        fi
    }
    if
    :: go ->
       if
       :: hot ->
#ifndef BREAK_DETACH_BARRIER
          heavy_barrier();
#endif
#ifndef BREAK_DETACH_SCAN
          scan()
#endif
       :: !hot
       fi;
       if
       :: atomic { !found && IS_UNTOUCHED(s) -> take() }
       :: atomic { found || !IS_UNTOUCHED(s) -> undo_detach() }
       fi;
       atomic { found = 0; s = 0 }
    :: !go
    fi;
    if
    :: won -> finish()
    :: !won
    fi;
    atomic { go = 0; hot = 0 }
}

/* Part of a step: the compare-and-swap that takes. */
inline take()
{
    drain(me);
    state = (state & ~LIVE) | CLOSED | SEALED | RELEASED;
    won = 1
}

/* Part of a step.  A closer that took over has cleared the mark. */
inline undo_detach()
{
    drain(me);
    if
    :: is_live(state) && (state & UNDONE) == UNDONE ->
       state = (state & ~RELEASED) | (hot -> RESTORED : 0)
    :: !(is_live(state) && (state & UNDONE) == UNDONE)
    fi
}

/* ---- the threads ---------------------------------------------------------------------------- */

inline choose_handle()
{
    if
#if LIVES == 1
    :: opened >= 1 -> h = 1
#elif defined(FORGED)
    :: h = 1
    :: h = 2
#else
    :: opened >= 1 -> h = 1
    :: opened >= 2 -> h = 2
#endif
    fi
}

/* A region or reference, in which its own handle may be closed or detached. */
inline stay()
{
    enter();
    if
    :: true
#ifdef NESTED
    :: held -> close(false)
#ifdef DETACH
    :: held -> detach()
#endif
#endif
    fi;
    leave()
}

proctype worker(byte me)
{
    byte n;
    byte h;
    byte held;
    byte mine;
    byte k;
    short s;
    bit found, won, over, wake, last, go, hot;

    do
    :: n < OPS ->
       choose_handle();
       if
       :: stay()
       :: close(false)
#ifdef RUNDOWN
       :: close(true)
#endif
#ifdef DETACH
       :: detach()
#endif
       fi;
       atomic { h = 0; over = 0; n++ }
    :: atomic { n == OPS -> n = 0; done++; break }
    od
}

/* L1, L3. */
inline check_end()
{
    byte g = 1;
    do
    :: g <= LIVES -> assert(!asked[g] || ended[g]); g++
    :: g > LIVES -> break
    od;
    if
    :: state & LIVE ->
       assert(!(state & (CLOSED | SEALED | RELEASED | WAITER | COUNT)));
       assert(!(state & HOT) == !(state & HAZARD))
    :: !(state & LIVE)
    fi
}

init
{
    byte t;
    atomic {
        do
        :: t < THREADS -> run memory(t); run worker(t); t++
        :: t == THREADS -> t = 0; break
        od;
        run opener()
    }
    atomic { done == THREADS -> check_end() }
}
