/* The C library opens and closes within itself, where nobody sees it.
 *
 * expect: nothing
 * run:
 * run: --leaks --
 * run: --quarantine=0 -- */
#include "program.h"
#include <dlfcn.h>
#include <glob.h>
#include <grp.h>
#include <iconv.h>
#include <locale.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <utmpx.h>

static void around(void)
{
    struct addrinfo *addresses = NULL;
    iconv_t conversion;
    glob_t found;
    void *object;
    struct tm parts;
    time_t now = 0;
    double load;
    if (getaddrinfo("localhost", "80", NULL, &addresses) == 0)
        freeaddrinfo(addresses);
    openlog("holdfast-test", LOG_NDELAY, LOG_USER);
    syslog(LOG_DEBUG, "hello");
    closelog();
    conversion = iconv_open("ISO-8859-2", "UTF-8");
    MUST(conversion != (iconv_t)-1 && iconv_close(conversion) == 0);
    MUST(getpwnam("root") != NULL);
    MUST(getpwnam("nobody-of-that-name") == NULL);
    MUST(getgrnam("root") != NULL);
    (void)getservbyname("http", "tcp");
    (void)gethostbyname("localhost");
    (void)setlocale(LC_ALL, "C.UTF-8");
    MUST(setenv("TZ", "Europe/Paris", 1) == 0);
    tzset();
    MUST(localtime_r(&now, &parts) != NULL);
    MUST(glob("/etc/host*", 0, NULL, &found) == 0);
    globfree(&found);
    object = dlopen("libm.so.6", RTLD_NOW);
    MUST(object != NULL && dlclose(object) == 0);
    (void)getlogin();
    setutxent();
    (void)getutxent();
    endutxent();
    MUST(getloadavg(&load, 1) == 1);
    MUST(sysconf(_SC_NPROCESSORS_ONLN) > 0);
}

int main(void)
{
    for (int i = 0; i < 3; i++) {
        int before = open("/etc/hostname", O_RDONLY);
        int after;
        char byte;
        around();
        after = open("/etc/hostname", O_RDONLY);
        MUST(read(before, &byte, 1) == 1 && read(after, &byte, 1) == 1);
        MUST(close(before) == 0);
        around();
        MUST(close(after) == 0);
    }
    puts("done");
    return 0;
}
