/* Quoting for shells: in single quotes, unless every character is harmless. */
#include "quote.h"

#include <stdio.h>
#include <string.h>

static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "@%_-+=:,./";

static void put(FILE *to, const char *text)
{
    if (text[0] != '\0' && text[strspn(text, harmless)] == '\0') {
        (void)fputs(text, to);
        return;
    }
    (void)fputc('\'', to);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            (void)fputs("'\\''", to);
        else
            (void)fputc(*text, to);
    }
    (void)fputc('\'', to);
}

char *quote_command(char *const *argv)
{
    char *made = NULL;
    size_t length;
    FILE *memory = open_memstream(&made, &length);
    if (memory == NULL)
        return NULL;
    for (size_t i = 0; argv[i] != NULL; i++) {
        if (i > 0)
            (void)fputc(' ', memory);
        put(memory, argv[i]);
    }
    return fclose(memory) == 0 ? made : NULL;
}
