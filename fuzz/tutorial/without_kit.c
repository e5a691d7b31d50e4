/* The harness that most people would write: two bytes an operation, the numbers that were made in
 * an array, closed ones too.  What is wrong is left to AddressSanitizer. */
#include "rows.h"
#include "statements.h"

#include <stddef.h>
#include <stdint.h>

enum { KEPT = 64 };

typedef struct script {
    int numbers[KEPT];
    unsigned count;
} script;

static void keep(script *in, int number)
{
    if (number > 0 && in->count < KEPT)
        in->numbers[in->count++] = number;
}

static void play(script *in, uint8_t operation, uint8_t argument)
{
    int number = in->count > 0 ? in->numbers[argument % in->count] : 0;
    switch (operation % 7) {
    case 0:
        keep(in, rows_open());
        break;
    case 1:
        keep(in, rows_prepare(number, statement_texts[operation / 7 % STATEMENT_COUNT]));
        break;
    case 2:
        keep(in, rows_share(number));
        break;
    case 3:
        rows_bind(number, operation);
        break;
    case 4:
        rows_step(number);
        break;
    case 5:
        rows_changes(number);
        break;
    case 6:
        rows_close(number);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    script in = {.count = 0};
    for (size_t i = 0; i + 1 < size; i += 2)
        play(&in, data[i], data[i + 1]);
    rows_end();
    return 0;
}
