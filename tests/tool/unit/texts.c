/* Texts from elsewhere within texts of ours. */
#include "environment.h"
#include "escape.h"
#include "quote.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void writer(FILE *to, const char *text);

static void expect_written(writer *write, const char *from, const char *expected)
{
    char *text = NULL;
    size_t length;
    FILE *memory = open_memstream(&text, &length);
    write(memory, from);
    (void)fclose(memory);
    cr_expect_str_eq(text, expected);
    free(text);
}

Test(texts, plain)
{
    expect_written(escape_plain, "", "");
    expect_written(escape_plain, "a b\tc\n\033\177", "a b\\x09c\\x0a\\x1b\\x7f");
}

Test(texts, json)
{
    expect_written(escape_json, "", "\"\"");
    expect_written(escape_json, "a\"b\\c\n\377", "\"a\\\"b\\\\c\\u000a\\ufffd\"");
}

Test(texts, xml)
{
    expect_written(escape_xml, "<a href=\"b\">&c</a>",
                   "&lt;a href=&quot;b&quot;&gt;&amp;c&lt;/a&gt;");
    expect_written(escape_xml, "a\n\tb\r\001", "a&#10;&#9;b&#xfffd;&#xfffd;");
    expect_written(escape_xml, "\303\244\377\303", "\303\244&#xfffd;&#xfffd;");
    expect_written(escape_xml, "\357\277\275\357\277\276\357\277\277",
                   "\357\277\275&#xfffd;&#xfffd;");
}

static void expect_command(char *const *argv, const char *expected)
{
    char *text = quote_command(argv);
    cr_expect_str_eq(text, expected);
    free(text);
}

Test(texts, commands)
{
    char *plain[] = {(char[]){"make"}, (char[]){"-j2"}, (char[]){"A=b"}, NULL};
    char *odd[] = {(char[]){"echo"}, (char[]){""}, (char[]){"it's"}, (char[]){"a b"}, NULL};
    expect_command(plain, "make -j2 A=b");
    expect_command(odd, "echo '' 'it'\\''s' 'a b'");
}

static const char *entry(char **environment, const char *name)
{
    size_t length = strlen(name);
    const char *found = NULL;
    for (size_t i = 0; environment[i] != NULL; i++) {
        if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=') {
            cr_expect_null(found, "%s is there twice", name);
            found = environment[i] + length + 1;
        }
    }
    return found;
}

Test(texts, environment)
{
    (void)clearenv();
    (void)setenv("HOME", "/root", 1);
    (void)setenv("_", "/usr/bin/holdfast", 1);
    char **made = environment_create("/lib/run.so", "/dev/shm/trace", "/bin/cat");
    cr_expect_str_eq(entry(made, "LD_PRELOAD"), "/lib/run.so");
    cr_expect_str_eq(entry(made, "HOLDFAST_RUN"), "/dev/shm/trace");
    cr_expect_str_eq(entry(made, "ASAN_OPTIONS"), "verify_asan_link_order=0");
    cr_expect_str_eq(entry(made, "HOME"), "/root");
    cr_expect_str_eq(entry(made, "_"), "/bin/cat");
}

Test(texts, environment_that_has_such_entries)
{
    (void)clearenv();
    (void)setenv("LD_PRELOAD", "/lib/other.so", 1);
    (void)setenv("ASAN_OPTIONS", "color=always", 1);
    (void)setenv("HOLDFAST_RUN", "/old", 1);
    char **made = environment_create("/lib/run.so", "/dev/shm/trace", "/bin/cat");
    cr_expect_str_eq(entry(made, "LD_PRELOAD"), "/lib/run.so:/lib/other.so");
    cr_expect_str_eq(entry(made, "ASAN_OPTIONS"), "color=always:verify_asan_link_order=0");
    cr_expect_str_eq(entry(made, "HOLDFAST_RUN"), "/dev/shm/trace");
    cr_expect_null(entry(made, "_"));
}
