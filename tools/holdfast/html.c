/* The page: the file page/page.html with its style and its script, and the data between.
 *
 * The data is JSON inside a script element, which ends at `</script` and begins again at `<!--`,
 * wherever they stand: in a path, too.  JSON knows another way to write `<`, which stands nowhere
 * but in its strings. */
#include <stdlib.h>
#include <string.h>

#include "page_data.h"
#include "page_parts.h"
#include "report.h"

static void put_data(FILE *to, const char *data, size_t length)
{
    const char *end = data + length;
    while (data < end) {
        const char *bracket = memchr(data, '<', (size_t)(end - data));
        (void)fwrite(data, 1, (size_t)((bracket != NULL ? bracket : end) - data), to);
        if (bracket == NULL)
            return;
        (void)fputs("\\u003c", to);
        data = bracket + 1;
    }
}

bool report_html(const hf_history *history, symbols *names, const char *path, FILE *to)
{
    char *data = NULL;
    size_t length;
    FILE *memory = open_memstream(&data, &length);
    if (memory == NULL)
        return false;
    bool done = page_data_write(history, names, path, memory);
    if (fclose(memory) != 0 || !done) {
        free(data);
        return false;
    }
    (void)fwrite(page_before_data, 1, page_before_data_bytes, to);
    put_data(to, data, length);
    (void)fwrite(page_after_data, 1, page_after_data_bytes, to);
    free(data);
    return true;
}
