/* The ready-made types of POSIX on real objects, with what people do wrong: numbers closed behind
 * the table's back, and given to somebody else; two owners; borrows that outlive; values that are
 * none; errors of the system at the last moment.
 *
 * After every step each number was closed exactly once by whom it was to be closed, nobody innocent
 * has lost his, and the findings are those that <holdfast/posix.h> tells of, no more. */
#include "findings.h"
#include "harness.h"
#include "operations.h"
#include "things.h"
#include "world.h"

typedef struct head {
    uint8_t level;
    uint8_t protection;
    uint8_t reuse;
    uint8_t orderly;
} head;

/* What mutations of an input make longer than this is not played to the end. */
enum { STEPS = 64 };

FUZZ_RECORDS(sizeof(head), STEP_SIZE)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (size < sizeof(head))
        return 0;
    if (!ready) {
        findings_start();
        things_prepare();
    }
    ready = true;
    head h = {data[0], data[1], data[2], data[3]};
    size_t last = sizeof(head) + STEPS * STEP_SIZE;
    world_start();
    operations_start(h.level, h.protection, h.reuse);
    for (size_t at = sizeof(head); at + STEP_SIZE <= size && at < last; at += STEP_SIZE) {
        step s = {data[at], data[at + 1], data[at + 2], data[at + 3], data[at + 4]};
        operations_play(&s);
    }
    operations_end(h.orderly % 2 == 0);
    world_end();
    return 0;
}
