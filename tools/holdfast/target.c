/* Looks at files before they are executed. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "elf_file.h"
#include "report/rules.h"
#include "tool.h"

enum { SCRIPTS_MAX = 5, HEAD_BYTES = 256 };

/* ---- privileges ----------------------------------------------------------------------------- */

/* Whether the system takes the file's extra privileges into account at all. */
static bool may_gain(const char *path)
{
    struct statvfs system;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 &&
           !(statvfs(path, &system) == 0 && (system.f_flag & ST_NOSUID) != 0);
}

/* What makes the dynamic linker ignore LD_PRELOAD; NULL if nothing does.  See AT_SECURE in
 * ld.so(8): who has those privileges already gains nothing. */
static const char *secured_by(const char *path, const struct stat *status)
{
    char capabilities[64];
    bool group = (status->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
    if (!may_gain(path))
        return NULL;
    if ((status->st_mode & S_ISUID) != 0 && status->st_uid != getuid())
        return "setuid";
    if (group && status->st_gid != getgid())
        return "setgid";
    if (getuid() != 0 &&
        getxattr(path, "security.capability", capabilities, sizeof capabilities) > 0)
        return "privileged by file capabilities";
    return NULL;
}

/* ---- kinds of files ------------------------------------------------------------------------- */

static int refuse(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int refuse(const char *path, const char *format, ...)
{
    char why[PATH_MAX + 128];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    tool_tell("cannot run '%s': %s", path, why);
    return TOOL_NOT_RUN;
}

static int check_elf(const char *path, const struct stat *status)
{
    const char *secured = secured_by(path, status);
    elf_facts facts;
    elf_facts own;
    if (!elf_read(path, &facts))
        return refuse(path, "its ELF header is damaged, or it cannot be read");
    if (!elf_read_own(&own))
        return refuse(path, "holdfast's own ELF header cannot be read");
    if (facts.machine != own.machine || facts.elf_class != own.elf_class || facts.data != own.data)
        return refuse(path, "it is for another architecture (%s, not %s)", facts.architecture,
                      own.architecture);
    if (facts.is_loader)
        return 0;
    if (facts.interpreter[0] == '\0')
        return refuse(path, "it is linked statically, so that nothing can be preloaded into it");
    if (strcmp(hf_path_tail(facts.interpreter), hf_path_tail(own.interpreter)) != 0)
        return refuse(path, "it is for another C library: its dynamic linker is '%s'",
                      facts.interpreter);
    if (access(facts.interpreter, X_OK) != 0)
        return refuse(path, "its dynamic linker '%s': %s", facts.interpreter, strerror(errno));
    if (secured != NULL)
        return refuse(
            path,
            "it is %s, and the dynamic linker then ignores LD_PRELOAD; run it as the user "
            "whose privileges it gets",
            secured);
    return 0;
}

/* Takes the interpreter out of "#! /bin/sh -e"; "" if there is none. */
static void read_interpreter(char *head, char *out, size_t size)
{
    char *start = head + 2 + strspn(head + 2, " \t");
    start[strcspn(start, " \t\r\n")] = '\0';
    (void)snprintf(out, size, "%s", start);
}

/* Answers how many bytes there are, -1: it cannot be read. */
static ssize_t read_head(const char *path, char *head, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = file >= 0 ? read(file, head, size - 1) : -1;
    if (file >= 0)
        close(file);
    head[count > 0 ? count : 0] = '\0';
    return count;
}

static int check_file(const char *path, int scripts, bool *needs_shell);

static int check_script(const char *path, char *head, int scripts)
{
    char interpreter[PATH_MAX];
    bool no_shell = false;
    read_interpreter(head, interpreter, sizeof interpreter);
    if (interpreter[0] == '\0')
        return refuse(path, "no interpreter is named after its #!");
    if (scripts == SCRIPTS_MAX)
        return refuse(path, "too many scripts are each other's interpreters");
    if (access(interpreter, F_OK) != 0)
        return refuse(path, "its interpreter '%s': %s", interpreter, strerror(errno));
    int status = check_file(interpreter, scripts + 1, &no_shell);
    return status == 0 && no_shell ? refuse(interpreter, "it is no program") : status;
}

/* 0: it can be executed, and be looked into. */
static int check_file(const char *path, int scripts, bool *needs_shell)
{
    char head[HEAD_BYTES];
    struct stat status;
    if (stat(path, &status) != 0)
        return refuse(path, "%s", strerror(errno));
    if (S_ISDIR(status.st_mode))
        return refuse(path, "it is a directory");
    if (!S_ISREG(status.st_mode) || access(path, X_OK) != 0)
        return refuse(path, "%s", S_ISREG(status.st_mode) ? strerror(errno) : "it is no file");
    ssize_t count = read_head(path, head, sizeof head);
    if (count < 0)
        return refuse(path, "it cannot be read (%s), so nobody knows what it is", strerror(errno));
    if (count >= 4 && memcmp(head, "\177ELF", 4) == 0)
        return check_elf(path, &status);
    if (strncmp(head, "#!", 2) == 0)
        return check_script(path, head, scripts);
    if (memchr(head, '\0', (size_t)count) != NULL)
        return refuse(path, "it is neither an ELF file nor a script");
    *needs_shell = true;
    return 0;
}

/* ---- finding -------------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Goes through PATH.  What is there, but not executable, is remembered. */
static bool search(const char *name, char *out, size_t size)
{
    const char *path = getenv("PATH");
    char found[PATH_MAX] = "";
    for (const char *at = path != NULL ? path : "/bin:/usr/bin"; at != NULL;) {
        size_t length = strcspn(at, ":");
        const char *folder = length > 0 ? at : ".";
        int written = snprintf(out, size, "%.*s/%s", length > 0 ? (int)length : 1, folder, name);
        bool fits = written > 0 && (size_t)written < size;
        if (fits && is_program(out))
            return true;
        if (fits && found[0] == '\0' && access(out, F_OK) == 0)
            (void)snprintf(found, sizeof found, "%s", out);
        at = at[length] == ':' ? at + length + 1 : NULL;
    }
    (void)snprintf(out, size, "%s", found);
    return found[0] != '\0';
}

int target_find(const char *name, target *out)
{
    bool found = strlen(name) < sizeof out->path && name[0] != '\0';
    out->needs_shell = false;
    if (found && strchr(name, '/') != NULL)
        found = access(strcpy(out->path, name), F_OK) == 0;
    else if (found)
        found = search(name, out->path, sizeof out->path);
    if (!found) {
        tool_tell("there is no program '%s'%s", name, strchr(name, '/') ? "" : " in PATH");
        return TOOL_NOT_FOUND;
    }
    return check_file(out->path, 0, &out->needs_shell);
}
