/* Reports: what Holdfast finds, to whom it tells it, and how loudly.
 *
 *     bool my_hook(const hf_report *report, void *context)
 *     {
 *         log_warning("%s: %s", report->kind_name, report->message);
 *         return false;          // false: let the default writer print it too
 *     }
 *     hf_set_report_hook(my_hook, NULL);
 *
 * A finding is judged by its kind's policy.  The same finding (same kind, same stack) is reported
 * once and counted afterwards, unless the option print_all=1 is given.  The one who is blamed may
 * be innocent: a stale use shows where the handle was used, and the other two stacks show who
 * opened and who closed it; which of the three is wrong is for you to say.
 *
 * Options come from the environment, in the sanitizers' grammar, or from hf_set_options:
 *
 *     HOLDFAST_OPTIONS=double_close=abort:level=1:stack_depth=16:log_path=hf.log ./program
 *     HOLDFAST_OPTIONS=help=1 ./program
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_REPORT_H
#define HOLDFAST_REPORT_H

#include <holdfast/handle.h>
#include <holdfast/status.h>

HF_BEGIN_DECLS

/* X(NAME, number, "name in reports", "what it means", "what to do").  The option of a kind is its
 * name with underscores: double_close=abort. */
#define HF_REPORT_KINDS(X)                                                                         \
    X(RELEASE_FAILED, 0, "release-failed",                                                         \
      "the system refused to release the value: it was invalid, or closed elsewhere",              \
      "look for code that closes the raw value itself instead of the handle")                      \
    X(DOUBLE_CLOSE, 1, "double-close", "the handle was closed before",                             \
      "decide which of the two owns the handle; only the owner closes it")                         \
    X(STALE_USE, 2, "stale-use", "the handle was used after it was closed",                        \
      "keep the handle open until its last user is done, or treat the refusal as an answer")       \
    X(HANDLE_REUSE, 3, "handle-reuse",                                                             \
      "a closed handle or value was used or closed again, and its place belongs to somebody else " \
      "now",                                                                                       \
      "a raw value would have hit the new owner named here; find who kept the old handle")         \
    X(DUPLICATE_OWNER, 4, "duplicate-owner",                                                       \
      "a value was opened as owned while another live handle owns it",                             \
      "open the second handle as borrowed, or duplicate the value")                                \
    X(FOREIGN_CLOSE, 5, "foreign-close", "the value was closed behind the table's back",           \
      "look for code that closes the raw value; detach it from the table if that is intended")     \
    X(BORROW_OUTLIVES_OWNER, 6, "borrow-outlives-owner",                                           \
      "the owner released the value while borrowed handles to it live",                            \
      "close the borrowed handles first, or make them children of the owner")                      \
    X(WRONG_TYPE, 7, "wrong-type", "a handle of one type was used as another",                     \
      "pass the handle that this function is for; HF_DEFINE_HANDLE lets the compiler check it")    \
    X(FOREIGN_HANDLE, 8, "foreign-handle", "the handle belongs to another table",                  \
      "use the table that issued the handle")                                                      \
    X(FORGED_HANDLE, 9, "forged-handle", "no table ever issued this handle",                       \
      "look for an uninitialised, overwritten or truncated handle, or a destroyed table")          \
    X(OVER_RELEASE, 10, "over-release", "a region or reference was ended twice",                   \
      "end each hf_enter by one hf_leave and each hf_addref by one hf_release")                    \
    X(COPIED_REGION, 11, "copied-region", "a copy of a region that has ended was left",            \
      "do not copy hf_region; enter a second region instead")                                      \
    X(WRONG_THREAD, 12, "wrong-thread", "a region was left by a thread that did not enter it",     \
      "use a reference (hf_addref) for what crosses threads")                                      \
    X(HELD_AT_THREAD_EXIT, 13, "held-at-thread-exit", "a thread ended inside a region",            \
      "leave every region before the thread ends; it was left on the thread's behalf")             \
    X(HELD_AT_SHUTDOWN, 14, "held-at-shutdown",                                                    \
      "a region or reference holds a handle of a table that is shut down or destroyed",            \
      "join the threads that use a table before it goes")                                          \
    X(LEAK, 15, "leak", "a handle was never closed", "close it where its owner ends")              \
    X(POSSIBLE_DEADLOCK, 16, "possible-deadlock",                                                  \
      "threads would wait for each other, or one for itself: nobody would ever go on",             \
      "leave the region or give the lock back first, or use hf_close, which does not wait")        \
    X(RUNDOWN_TIMEOUT, 17, "rundown-timeout", "holders did not leave in time",                     \
      "look at the holders' stacks (level=3 records them); give the type an unblock function")     \
    X(LOST_AT_EXIT, 18, "lost-at-exit",                                                            \
      "the process exits, and a value that must be flushed is held, or could not be flushed",      \
      "close it, or call hf_table_shutdown, before the process exits")                             \
    /* The following are found by `holdfast run`, in programs as they are. */                      \
    X(CLOSE_DURING_USE, 19, "close-during-use",                                                    \
      "one thread closed it while another was inside a call on it",                                \
      "stop or join its users before closing it; shut it down or signal them to wake them")        \
    X(CLOBBER, 20, "clobber", "a descriptor that somebody else owns was replaced by dup2 or dup3", \
      "let the system choose the number, or have its owner close it first")                        \
    X(STANDARD_DESCRIPTOR, 21, "standard-descriptor",                                              \
      "0, 1 or 2 was closed, and something else was opened there: what is meant for the terminal " \
      "goes into it, or is read from it",                                                          \
      "put /dev/null there instead of closing it")

typedef enum hf_report_kind {
#define HF_REPORT_ENUMERATOR_(NAME, number, name, meaning, advice) HF_REPORT_##NAME = number,
    HF_REPORT_KINDS(HF_REPORT_ENUMERATOR_)
#undef HF_REPORT_ENUMERATOR_
        HF_REPORT_KIND_COUNT
} hf_report_kind;

/* What to do with a finding of a kind. */
typedef enum hf_policy {
    HF_POLICY_IGNORE = 0, /* not even counted */
    HF_POLICY_COUNT,      /* counted in hf_table_stats */
    HF_POLICY_REPORT,     /* + the hook or the writer; the same finding once (default) */
    HF_POLICY_ONCE,       /* + only the first finding of the kind in the process */
    HF_POLICY_ABORT       /* reported, then abort(), or as a sanitizer's options say: see below */
} hf_policy;

/* A moment in a handle's life: which thread, with which stack. */
typedef struct hf_report_event {
    uint64_t thread;         /* system thread id; 0: not recorded */
    const char *thread_name; /* "" if unknown */
    const uintptr_t *frames; /* return addresses, innermost first */
    uint32_t frame_count;    /* 0: not recorded (see hf_level) */
    uint32_t reserved;
} hf_report_event;

/* A handle that plays a part in a finding. */
typedef struct hf_report_party {
    hf_handle handle;       /* null: there is no such party */
    hf_value value;         /* 0 if not recorded */
    const char *type_name;  /* "" if unknown */
    const char *label;      /* "" if none */
    const char *group_name; /* of the group that it is in now; "" if none */
    hf_report_event opened;
    hf_report_event closed;
} hf_report_party;

/* X(NAME, number, "name", "in text"): how a thread holds a handle. */
#define HF_HOLDS(X)                                                                            \
    X(HAZARD, 0, "hazard", "in a hazard region")                                               \
    X(COUNTED, 1, "counted", "in a counted region")                                            \
    X(REFERENCE, 2, "reference", "by a reference") /* whoever has it now */                    \
    X(RELEASING, 3, "releasing", "by its release, unblock or completion function, which runs") \
    X(LOCK, 4, "lock", "as a lock") /* the user's: see <holdfast/lock.h> */

typedef enum hf_hold_kind {
#define HF_HOLD_ENUMERATOR_(NAME, number, name, text) HF_HOLD_##NAME = number,
    HF_HOLDS(HF_HOLD_ENUMERATOR_)
#undef HF_HOLD_ENUMERATOR_
        HF_HOLD_COUNT
} hf_hold_kind;

/* Who holds what, in held-*, rundown-timeout and possible-deadlock reports.  In the last they are
 * the steps of a cycle, from the thread that was refused on: each thread waits for what the next
 * one holds, or for a parent of that, and the last one for what the first one holds.  At most 32
 * are listed; none where a thread was refused because it is in more regions than can be listed. */
typedef struct hf_report_holder {
    hf_report_event entered; /* its stack is recorded at level 3 */
    hf_hold_kind hold;
    uint32_t reserved;
    hf_handle held;        /* null with HF_HOLD_LOCK */
    const void *held_lock; /* or NULL */
    hf_report_event waits; /* where the thread waits; no frames when it does not */
    hf_handle awaited;     /* for this handle, or */
    const void *awaited_lock;
} hf_report_holder;

/* One finding.  Valid only inside the hook; copy what you keep. */
typedef struct hf_report {
    uint32_t size; /* sizeof(hf_report) */
    hf_report_kind kind;
    const char *kind_name; /* "double-close" */
    const char *message;   /* one sentence: what is wrong */
    const char *advice;    /* one sentence: what to do */
    const char *operation; /* "hf_close": the call that found it */
    const char *table_name;
    const char *issuer_name; /* foreign-handle: the table that issued the handle; else "" */
    hf_report_event now;     /* the call that is wrong now */
    hf_report_party subject; /* the handle it was called with */
    hf_report_party other;   /* the new owner, the other owner, the borrower; or null */
    const char *other_role;  /* "now owned by"; "" without another party */
    const hf_report_holder *holders;
    uint32_t holder_count;
    uint32_t references;  /* counted holders, those among `holders` included */
    int32_t error;        /* the system's error, 0 for none */
    uint32_t group_count; /* leak: how many handles this report stands for */
} hf_report;

/* Told of each finding that policy lets through, on the thread that made it, with no lock held.
 * May call any Holdfast function; findings made meanwhile are given to it as well, up to four deep,
 * deeper ones to the default writer.  True: handled.  False: the default writer prints it too. */
typedef bool (*hf_report_hook)(const hf_report *report, void *context);

/* Sets the hook; NULL takes it away.  Any thread; a report that is under way may still reach the
 * old hook after this returns. */
HF_API void hf_set_report_hook(hf_report_hook hook, void *context);

/* Writes a report as the default writer would, as text or JSON, into `buffer` of `size` bytes,
 * always terminated.  Answers the length that the whole text has.  For use inside a hook.
 * Symbolises: may allocate, read files, and wait for another thread that does so. */
HF_API size_t hf_report_text(const hf_report *report, char *buffer, size_t size);
HF_API size_t hf_report_json(const hf_report *report, char *buffer, size_t size);

/* Applies options in the grammar of HOLDFAST_OPTIONS, over those given before.  Unknown keys and
 * malformed values are told once on standard error, with the list of keys, and skipped.
 * Errors: INVALID_ARGUMENT (null, or something was skipped). */
HF_API hf_status hf_set_options(const char *options);

/* The policy of a kind.  Errors: INVALID_ARGUMENT. */
HF_API hf_status hf_set_policy(hf_report_kind kind, hf_policy policy);
HF_API hf_policy hf_get_policy(hf_report_kind kind);

/* The name of a kind ("double-close"), "unknown" for a number that is none. */
HF_API const char *hf_report_kind_name(hf_report_kind kind);

/* ---- in company with the sanitizers ------------------------------------------------------------
 *
 * Where the run-time library of AddressSanitizer, LeakSanitizer, ThreadSanitizer or
 * UndefinedBehaviorSanitizer is in the process, whether or not this library was built with it:
 *
 *   - frames are named by its symbolizer first;
 *   - the default writer does what its options say (those that are compiled in, then ASAN_OPTIONS,
 *     TSAN_OPTIONS, LSAN_OPTIONS, UBSAN_OPTIONS) where HOLDFAST_OPTIONS says nothing: `color`, and
 *     `log_path`: reports then go into its file, with its suffix, in pieces of at most 15 KiB.
 *     Likewise under libFuzzer, which may have moved its output away from standard error;
 *   - the policy `abort` calls abort(), which libFuzzer and AFL++ record.  Only where its options
 *     have `exitcode` or `abort_on_error=0`, and libFuzzer is not there, does the process end with
 *     that code (1 if none is given), by _exit, as for the sanitizer's own findings;
 *   - a report waits, at most five seconds, until one of AddressSanitizer's that another thread
 * writes is whole.  UndefinedBehaviorSanitizer and ThreadSanitizer do not tell: theirs may be
 * split;
 *   - texts of yours that were freed (labels, type names) are shown as "<freed>".
 *
 * AddressSanitizer also checks what Holdfast does not use: free slots, their cold records and the
 * records of threads that are gone are poisoned.  (In a library that is instrumented itself: the
 * value words of free slots, and their records.)  What a value points to is the program's: a value
 * that is kept past hf_leave is found once it was released and its memory freed, and not before. */

/* What is known of the handles whose values point to this address or into its block of the heap:
 * live ones first, then closed ones, eight at most; who opened and closed them, type, label, table,
 * and what holds them.  Writes it as text into `buffer` of `size` bytes, always terminated, and
 * answers the length that the whole text has, as hf_report_text; 0 when no handle is known there.
 *
 * Without AddressSanitizer a block's bounds are not known: only values that are this very address
 * are found.  Addresses below 65536 are taken for no pointers.  Closed handles are known until
 * their table reuses the slot, and only if the table recorded them: at level 1 and above, or
 * because the handle was borrowed or had a namespace, identity, label, parent or group.  A block
 * that was freed and handed out anew may have had more owners than one: all of them are told.
 *
 * Looks at every slot of all tables, without a lock: of handles that are opened or closed meanwhile
 * it may or may not tell.  Names addresses, as hf_report_text does. */
HF_API size_t hf_describe_address(const void *address, char *buffer, size_t size);

/* Writes, where reports go, what hf_describe_address knows of the address of AddressSanitizer's
 * report, and nothing if that is nothing.  The first hf_table_create installs it by
 * __asan_set_error_report_callback, unless the option describe=0 is given; it then follows each
 * report.  There is one such callback in a process, and no way to ask for it: a program that has
 * its own sets that after its first table was created, and calls this from it.  `text` is the
 * sanitizer's report, from which the address is taken where the runtime does not tell it.  Without
 * AddressSanitizer there is none but that. */
HF_API void hf_describe_sanitizer_report(const char *text);

HF_END_DECLS

#endif
