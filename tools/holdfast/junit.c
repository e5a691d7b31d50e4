/* JUnit's XML. */
#include "junit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "sentence.h"
#include "text.h"
#include "tool.h"

void junit_init(junit *of, const char *path)
{
    *of = (junit){.path = path};
    if (path == NULL)
        return;
    of->file = fopen(path, "we");
    if (of->file == NULL)
        tool_fail("cannot write '%s': %s", path, strerror(errno));
    of->cases = open_memstream(&of->text, &of->length);
    if (of->cases == NULL)
        tool_fail("no memory");
}

/* What one of the functions above writes, as XML. */
static void put_written(FILE *to, void (*write)(FILE *, const finding *), const finding *of)
{
    char *text = NULL;
    size_t length;
    FILE *memory = open_memstream(&text, &length);
    if (memory == NULL)
        return;
    write(memory, of);
    if (fclose(memory) == 0)
        escape_xml(to, text);
    free(text);
}

static void write_plain(FILE *to, const finding *of)
{
    text_write(to, of, false);
}

static void put_place(FILE *to, const finding *of)
{
    const finding_moment *blamed = finding_blamed(of);
    if (blamed->count == 0 || blamed->frames[0].place->frames[0].file[0] == '\0')
        return;
    const symbols_frame *name = &blamed->frames[0].place->frames[0];
    (void)fputs("\" file=\"", to);
    escape_xml(to, name->file);
    fprintf(to, "\" line=\"%u", (unsigned)name->line);
}

void junit_add(junit *of, const finding *found, junit_verdict verdict)
{
    FILE *to = of->cases;
    if (of->file == NULL)
        return;
    of->tests++;
    of->failures += verdict == JUNIT_FAILED;
    of->skipped += verdict == JUNIT_SUPPRESSED;
    (void)fputs("    <testcase classname=\"holdfast\" name=\"", to);
    put_written(to, text_put_summary, found);
    put_place(to, found);
    (void)fputs("\">", to);
    if (verdict == JUNIT_SUPPRESSED)
        (void)fputs("<skipped message=\"suppressed\"/>", to);
    if (verdict == JUNIT_FAILED) {
        fprintf(to, "<failure type=\"%s\" message=\"", hf_report_kind_name(found->kind));
        put_written(to, sentence_write, found);
        (void)fputs("\">", to);
        put_written(to, write_plain, found);
        (void)fputs("</failure>", to);
    }
    (void)fputs("</testcase>\n", to);
}

void junit_add_unmet(junit *of, const char *expectation)
{
    if (of->file == NULL)
        return;
    of->tests++;
    of->failures++;
    (void)fputs("    <testcase classname=\"holdfast\" name=\"expected: ", of->cases);
    escape_xml(of->cases, expectation);
    (void)fputs("\"><failure type=\"expect\" message=\"this finding was expected, and was not made"
                "\"/></testcase>\n",
                of->cases);
}

static void put_program(const junit *of, const char *command, const char *ended)
{
    (void)fputs("    <testcase classname=\"holdfast\" name=\"", of->file);
    escape_xml(of->file, command);
    (void)fputs("\">", of->file);
    if (ended[0] != '\0') {
        (void)fputs("<failure type=\"program\" message=\"", of->file);
        escape_xml(of->file, ended);
        (void)fputs("\"/>", of->file);
    }
    (void)fputs("</testcase>\n", of->file);
}

bool junit_fini(junit *of, const char *command, const char *ended, double seconds)
{
    if (of->file == NULL)
        return true;
    unsigned tests = of->tests + 1;
    unsigned failures = of->failures + (ended[0] != '\0');
    bool good = fclose(of->cases) == 0;
    for (unsigned depth = 0; depth < 2; depth++)
        fprintf(of->file,
                "%s<testsuite%s name=\"holdfast run\" tests=\"%u\" failures=\"%u\" errors=\"0\" "
                "skipped=\"%u\" time=\"%.3f\">\n",
                depth == 0 ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" : "  ",
                depth == 0 ? "s" : "", tests, failures, of->skipped, seconds);
    put_program(of, command, ended);
    if (good)
        (void)fputs(of->text, of->file);
    (void)fputs("  </testsuite>\n</testsuites>\n", of->file);
    good = ferror(of->file) == 0 && good;
    good = fclose(of->file) == 0 && good;
    if (!good)
        tool_tell("cannot write '%s': %s", of->path, strerror(errno));
    free(of->text);
    return good;
}
