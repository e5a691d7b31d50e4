/* Suppressions of `holdfast run`. */
#include "suppressions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/rules.h"
#include "tool.h"

static void refuse(void *context, unsigned line)
{
    tool_fail("%s:%u: a suppression is kind:glob, of a kind of finding or *", (const char *)context,
              line);
}

/* The whole file, and room for one byte more. */
static char *read_all(const char *path, size_t *length)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "re");
    ssize_t got = file != NULL ? getdelim(&text, &size, EOF, file) : -1;
    if (file == NULL || (got < 0 && ferror(file) != 0))
        tool_fail("cannot read the suppressions '%s': %s", path, strerror(errno));
    (void)fclose(file);
    *length = got > 0 ? (size_t)got : 0;
    char *room = realloc(text, *length + 2);
    if (room == NULL)
        tool_fail("no memory for the suppressions '%s'", path);
    return room;
}

void suppressions_init(suppressions *of, const char *path)
{
    char name[1024];
    size_t length;
    of->rules = NULL;
    if (path == NULL)
        return;
    (void)snprintf(name, sizeof name, "%s", path);
    of->rules = read_all(path, &length);
    (void)hf_rules_compact(of->rules, length, refuse, name);
}

void suppressions_fini(suppressions *of)
{
    free(of->rules);
}

static bool frame_matches(const char *rules, const char *kind, const finding_frame *frame)
{
    for (uint32_t i = 0; i < frame->place->count; i++) {
        const symbols_frame *name = &frame->place->frames[i];
        hf_rules_place place = {name->function, name->file, frame->module};
        if (hf_rules_match(rules, kind, &place))
            return true;
    }
    return false;
}

static bool stack_matches(const char *rules, const char *kind, const finding_moment *moment)
{
    for (uint32_t i = 0; i < moment->count; i++) {
        if (frame_matches(rules, kind, &moment->frames[i]))
            return true;
    }
    return false;
}

bool suppressions_match(const suppressions *of, const finding *found)
{
    const char *kind = hf_report_kind_name(found->kind);
    return of->rules != NULL && hf_rules_concern(of->rules, kind) &&
           (stack_matches(of->rules, kind, &found->now) ||
            stack_matches(of->rules, kind, &found->subject.closed) ||
            stack_matches(of->rules, kind, &found->subject.opened));
}
