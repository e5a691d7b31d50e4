#include "synthetic.h"

#include "harness.h"
#include "report/kinds.h"
#include "report/options.h"
#include "report/stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 3, HOLDERS = 3, WORDS = 24 };

static const char *const names[] = {"",
                                    "plain",
                                    "two\nlines",
                                    "\"quoted\" \\",
                                    "\033[31m\x7f",
                                    "\xc3\xa9t\xc3\xa9",
                                    "\xff\xfe",
                                    "a name of some length, %s%n"};

static const char *name_of(unsigned choice)
{
    return names[choice % (sizeof(names) / sizeof(names[0]))];
}

/* Addresses within the program, in a library, and nowhere. */
static void fill_frames(uintptr_t *frames, unsigned choice)
{
    const uintptr_t places[] = {(uintptr_t)synthetic_play + 1,
                                (uintptr_t)&hf_report_text + 4,
                                (uintptr_t)(void (*)(void *))free + 1,
                                1,
                                UINTPTR_MAX,
                                (uintptr_t)names};
    for (unsigned i = 0; i < FRAMES; i++)
        frames[i] = places[(choice + i * (1 + choice / 16)) % 6];
}

static hf_report_event event_of(const uintptr_t *frames, unsigned choice)
{
    return (hf_report_event){.thread = choice % 3 == 0 ? 0 : UINT64_C(1) << (choice % 64),
                             .thread_name = name_of(choice / 8),
                             .frames = frames,
                             .frame_count = choice % (FRAMES + 1)};
}

static hf_report_party party_of(const uintptr_t *frames, unsigned choice)
{
    return (hf_report_party){.handle = {choice % 4 == 0 ? 0 : choice * 2 + 1},
                             .value = (hf_value)choice << (choice % 32),
                             .type_name = name_of(choice),
                             .label = name_of(choice / 3),
                             .group_name = name_of(choice / 5),
                             .opened = event_of(frames, choice / 2),
                             .closed = event_of(frames, choice / 7)};
}

static hf_report_holder holder_of(const uintptr_t *frames, unsigned choice)
{
    return (hf_report_holder){.entered = event_of(frames, choice),
                              .hold = (hf_hold_kind)(choice % HF_HOLD_COUNT),
                              .held = {choice % 2 == 0 ? 0 : choice},
                              .held_lock = choice % 2 == 0 ? names : NULL,
                              .waits = event_of(frames, choice / 4),
                              .awaited = {choice % 3 == 0 ? 0 : choice | 1},
                              .awaited_lock = choice % 3 == 1 ? names : NULL};
}

typedef size_t (*writer)(const hf_report *report, char *buffer, size_t size);

/* The whole length is told, whatever there is room for; what there is room for is the beginning. */
static void write_report(const hf_report *report, writer write, size_t part)
{
    errno = ENOTTY;
    size_t length = write(report, NULL, 0);
    if (length == 0)
        fuzz_fail("a report has no text");
    char *whole = malloc(length + 1);
    size_t size = part % 4 != 0 && part < length ? part : length - 1; /* or all but the end */
    char *cut = malloc(size + 1);
    if (whole == NULL || cut == NULL)
        fuzz_fail("out of memory");
    if (write(report, whole, length + 1) != length || strlen(whole) != length)
        fuzz_fail("a report has another length the second time");
    if (write(report, cut, size + 1) != length || strlen(cut) != size ||
        memcmp(cut, whole, size) != 0)
        fuzz_fail("a report is not cut where it should be");
    if (errno != ENOTTY || whole[length - 1] != '\n')
        fuzz_fail("a writer changes errno, or does not end the line");
    free(whole);
    free(cut);
}

void synthetic_play(const uint8_t *bytes)
{
    uintptr_t frames[FRAMES];
    hf_report_holder holders[HOLDERS];
    hf_report_kind kind = (hf_report_kind)(bytes[0] % HF_REPORT_KIND_COUNT);
    fill_frames(frames, bytes[1]);
    for (unsigned i = 0; i < HOLDERS; i++)
        holders[i] = holder_of(frames, bytes[2] + i * bytes[3]);
    hf_report report = {.size = (uint32_t)sizeof(hf_report),
                        .kind = kind,
                        .kind_name = hf_report_kind_name(kind),
                        .message = hf_kind_message(kind),
                        .advice = hf_kind_advice(kind),
                        .operation = name_of(bytes[4]),
                        .table_name = name_of(bytes[4] / 8),
                        .issuer_name = name_of(bytes[5]),
                        .now = event_of(frames, bytes[2]),
                        .subject = party_of(frames, bytes[3]),
                        .other = party_of(frames, bytes[5]),
                        .other_role = name_of(bytes[5] / 8),
                        .holders = holders,
                        .holder_count = bytes[6] % (HOLDERS + 1),
                        .references = bytes[6] / 4 % 3,
                        .error = bytes[6] / 16,
                        .group_count = bytes[6] / 64};
    write_report(&report, hf_report_text, bytes[6]);
    write_report(&report, hf_report_json, bytes[6]);
    if (hf_report_text(NULL, NULL, 0) != 0 || hf_report_json(NULL, NULL, 0) != 0)
        fuzz_fail("no report has a text");
}

/* Words as a frame-pointer walk finds them: the next frame's place, and a return address. */
static void fill_words(uintptr_t *words, const uint8_t *bytes)
{
    uintptr_t frames[FRAMES];
    fill_frames(frames, bytes[1]);
    for (unsigned i = 0; i < WORDS; i += 2) {
        unsigned next = bytes[2 + i / 2 % 3];
        words[i] = next < 128   ? (uintptr_t)&words[i + 2]
                   : next < 192 ? (uintptr_t)&words[next % WORDS]
                                : (uintptr_t)next << (next % 57);
        words[i + 1] = bytes[5] % 8 == i / 2 ? 0 : frames[i / 2 % FRAMES];
    }
    words[WORDS - 2] = 0;
}

void synthetic_walk(const uint8_t *bytes)
{
    uintptr_t words[WORDS];
    uint32_t count = 0;
    fill_words(words, bytes);
    if (hf_stack_capture(NULL) != 0 || hf_stack_frames(0, &count) != NULL || count != 0)
        fuzz_fail("where nothing is, a stack is found");
    for (unsigned i = 0; i < 2; i++) { /* the first time words are looked at more closely */
        uint32_t stack = hf_stack_capture((hf_site)words);
        (void)hf_stack_frames(stack, &count);
        if (stack == 0)
            fuzz_fail("nothing is known of a call");
    }
    if (count > hf_option(HF_OPTION_STACK_DEPTH))
        fuzz_fail("a stack has %u frames", count);
}
