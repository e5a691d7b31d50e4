/* Descriptors that are no files. */
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utmp.h>

#include "opening.h"
#include "uses.h"

static int opened_pipe(const int *ends, int result, const char *operation)
{
    if (result == 0) {
        run_opened_path(ends[0], operation, "pipe, read end");
        run_opened_path(ends[1], operation, "pipe, write end");
    }
    return result;
}

RUN_WRAP(int, pipe, (int ends[2]))
{
    int result;
    RUN_TRY(result, RUN_REAL(pipe)(ends));
    return opened_pipe(ends, result, "pipe");
}

RUN_WRAP(int, pipe2, (int ends[2], int flags))
{
    int result;
    RUN_TRY(result, RUN_REAL(pipe2)(ends, flags));
    return opened_pipe(ends, result, "pipe2");
}

RUN_WRAP(int, eventfd, (unsigned count, int flags))
{
    RUN_OPENING(eventfd, (count, flags), "eventfd", "eventfd");
}

RUN_WRAP(int, timerfd_create, (clockid_t clock, int flags))
{
    RUN_OPENING(timerfd_create, (clock, flags), "timerfd_create", "timerfd");
}

RUN_WRAP(int, inotify_init, (void))
{
    RUN_OPENING(inotify_init, (), "inotify_init", "inotify");
}

RUN_WRAP(int, inotify_init1, (int flags))
{
    RUN_OPENING(inotify_init1, (flags), "inotify_init1", "inotify");
}

RUN_WRAP(int, fanotify_init, (unsigned flags, unsigned event_flags))
{
    RUN_OPENING(fanotify_init, (flags, event_flags), "fanotify_init", "fanotify");
}

RUN_WRAP(int, epoll_create, (int size))
{
    RUN_OPENING(epoll_create, (size), "epoll_create", "epoll");
}

RUN_WRAP(int, epoll_create1, (int flags))
{
    RUN_OPENING(epoll_create1, (flags), "epoll_create1", "epoll");
}

/* With a descriptor it changes that one. */
RUN_WRAP(int, signalfd, (int descriptor, const sigset_t *signals, int flags))
{
    run_use use;
    if (descriptor < 0)
        RUN_OPENING(signalfd, (descriptor, signals, flags), "signalfd", "signalfd");
    if (!run_use_begin(&use, descriptor, "signalfd"))
        return -1;
    int result = RUN_REAL(signalfd)(descriptor, signals, flags);
    run_use_end(&use, result < 0);
    return result;
}

RUN_WRAP(int, pidfd_open, (pid_t process, unsigned flags))
{
    RUN_OPENING(pidfd_open, (process, flags), "pidfd_open", "process");
}

RUN_WRAP(int, pidfd_getfd, (int process, int target, unsigned flags))
{
    run_use use;
    int copy;
    if (!run_use_begin(&use, process, "pidfd_getfd"))
        return -1;
    RUN_TRY(copy, RUN_REAL(pidfd_getfd)(process, target, flags));
    run_use_end(&use, copy < 0);
    run_opened_path(copy, "pidfd_getfd", "from another process");
    return copy;
}

/* ---- terminals ------------------------------------------------------------------------------ */

RUN_WRAP(int, posix_openpt, (int flags))
{
    RUN_OPENING(posix_openpt, (flags), "posix_openpt", "/dev/ptmx");
}

RUN_WRAP(int, getpt, (void))
{
    RUN_OPENING(getpt, (), "getpt", "/dev/ptmx");
}

static void opened_terminal(const int *master, const int *slave, const char *operation)
{
    run_opened_path(*master, operation, "terminal, controlling side");
    if (slave != NULL)
        run_opened_path(*slave, operation, "terminal");
}

RUN_WRAP(int, openpty,
         (int *master, int *slave, char *name, const struct termios *settings,
          const struct winsize *size))
{
    int result;
    RUN_TRY(result, RUN_REAL(openpty)(master, slave, name, settings, size));
    if (result == 0)
        opened_terminal(master, slave, "openpty");
    return result;
}

RUN_WRAP(pid_t, forkpty,
         (int *master, char *name, const struct termios *settings, const struct winsize *size))
{
    pid_t child;
    RUN_TRY(child, RUN_REAL(forkpty)(master, name, settings, size));
    if (child > 0)
        opened_terminal(master, NULL, "forkpty");
    return child;
}

/* Puts the terminal onto 0, 1 and 2, and closes its number. */
RUN_WRAP(int, login_tty, (int terminal))
{
    run_use use;
    if (!run_use_begin(&use, terminal, "login_tty"))
        return -1;
    run_use_end(&use, false);
    if (terminal > 2)
        (void)run_ends(terminal, "login_tty");
    int result = RUN_REAL(login_tty)(terminal);
    for (int i = 0; result == 0 && i <= 2; i++)
        run_opened(i, RUN_PLACED, "login_tty", "terminal");
    return result;
}

/* ---- file systems --------------------------------------------------------------------------- */

RUN_WRAP(int, open_tree, (int directory, const char *path, unsigned flags))
{
    RUN_OPENING(open_tree, (directory, path, flags), "open_tree", path);
}

RUN_WRAP(int, fsopen, (const char *name, unsigned flags))
{
    RUN_OPENING(fsopen, (name, flags), "fsopen", name);
}

RUN_WRAP(int, fsmount, (int context, unsigned flags, unsigned attributes))
{
    RUN_OPENING(fsmount, (context, flags, attributes), "fsmount", "mount");
}

RUN_WRAP(int, fspick, (int directory, const char *path, unsigned flags))
{
    RUN_OPENING(fspick, (directory, path, flags), "fspick", path);
}

RUN_WRAP(int, open_by_handle_at, (int mount, struct file_handle *file, int flags))
{
    RUN_OPENING(open_by_handle_at, (mount, file, flags), "open_by_handle_at", "file by handle");
}
