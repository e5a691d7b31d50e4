/* What the C library opens for itself finds room where the program has closed enough, as without
 * the tool.
 *
 * expect: nothing
 * run: 64
 * run: 300
 * run: 1024 */
#include "limits.h"
#include <dlfcn.h>
#include <grp.h>
#include <iconv.h>
#include <locale.h>
#include <netdb.h>
#include <pwd.h>

static bool by_dlopen(void)
{
    return dlopen("libBrokenLocale.so.1", RTLD_LAZY) != NULL;
}

static bool by_dlmopen(void)
{
    return dlmopen(LM_ID_BASE, "libanl.so.1", RTLD_LAZY) != NULL;
}

static bool by_getaddrinfo(void)
{
    struct addrinfo *found;
    return getaddrinfo("localhost", "80", NULL, &found) == 0;
}

static bool by_gethostbyname(void)
{
    return gethostbyname("localhost") != NULL;
}

static bool by_getpwnam(void)
{
    return getpwnam("root") != NULL;
}

static bool by_getpwuid_r(void)
{
    char text[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    return getpwuid_r(0, &entry, text, sizeof text, &found) == 0 && found != NULL &&
           found->pw_uid == 0;
}

static bool by_getgrgid(void)
{
    return getgrgid(0) != NULL;
}

static bool by_getservbyname(void)
{
    return getservbyname("domain", "udp") != NULL;
}

static bool by_iconv_open(void)
{
    return iconv_open("UTF-16", "ISO-8859-2") != (iconv_t)-1;
}

static bool by_setlocale(void)
{
    return setlocale(LC_ALL, "C.UTF-8") != NULL;
}

/* All numbers are taken; then so many are free, as far as the program knows. */
static void try_lookup(const char *name, bool (*lookup)(void), int room)
{
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int count = fill(by_dup, 0);
        while (room-- > 0)
            close_whatever(opened[--count]);
        printf("%s: %d\n", name, lookup());
        (void)fflush(stdout);
        _exit(0);
    }
    MUST(status_of(child) == 0);
}

#define TRY_LOOKUP(name) try_lookup(#name, by_##name, 8)

int main(int count, char **arguments)
{
    limit_descriptors(arguments[count - 1]);
    TRY_LOOKUP(dlopen);
    TRY_LOOKUP(dlmopen);
    TRY_LOOKUP(getaddrinfo);
    TRY_LOOKUP(gethostbyname);
    TRY_LOOKUP(getpwnam);
    TRY_LOOKUP(getpwuid_r);
    TRY_LOOKUP(getgrgid);
    TRY_LOOKUP(getservbyname);
    TRY_LOOKUP(iconv_open);
    TRY_LOOKUP(setlocale);
    return 0;
}
