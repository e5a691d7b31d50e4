/* What is asked of and told about open files: attributes, locks, terminals, queues, watches. */
#include <fcntl.h>
#include <mqueue.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#include "wrap_use.h"

/* clang-format off */

/* ---- attributes ----------------------------------------------------------------------------- */

RUN_WRAP_LOOK(fstat, (int descriptor, struct stat *into), (descriptor, into))
RUN_WRAP_LOOK(fstat64, (int descriptor, struct stat64 *into), (descriptor, into))
RUN_WRAP_LOOK(__fxstat, (int version, int descriptor, struct stat *into), (version, descriptor, into))
RUN_WRAP_LOOK(__fxstat64, (int version, int descriptor, struct stat64 *into), (version, descriptor, into))
RUN_WRAP_USE(int, -1, fstatfs, (int descriptor, struct statfs *into), (descriptor, into))
RUN_WRAP_USE(int, -1, fstatfs64, (int descriptor, struct statfs64 *into), (descriptor, into))
RUN_WRAP_USE(int, -1, fstatvfs, (int descriptor, struct statvfs *into), (descriptor, into))
RUN_WRAP_USE(int, -1, fstatvfs64, (int descriptor, struct statvfs64 *into), (descriptor, into))
RUN_WRAP_USE(long, -1, fpathconf, (int descriptor, int name), (descriptor, name))
RUN_WRAP_USE(int, -1, fchmod, (int descriptor, mode_t mode), (descriptor, mode))
RUN_WRAP_USE(int, -1, fchown, (int descriptor, uid_t owner, gid_t group), (descriptor, owner, group))
RUN_WRAP_USE(int, -1, fchdir, (int descriptor), (descriptor))
RUN_WRAP_USE(int, -1, futimens, (int descriptor, const struct timespec times[2]), (descriptor, times))
RUN_WRAP_USE(int, -1, futimes, (int descriptor, const struct timeval times[2]), (descriptor, times))
RUN_WRAP_USE(ssize_t, -1, fgetxattr, (int descriptor, const char *name, void *value, size_t size), (descriptor, name, value, size))
RUN_WRAP_USE(int, -1, fsetxattr, (int descriptor, const char *name, const void *value, size_t size, int flags), (descriptor, name, value, size, flags))
RUN_WRAP_USE(ssize_t, -1, flistxattr, (int descriptor, char *names, size_t size), (descriptor, names, size))
RUN_WRAP_USE(int, -1, fremovexattr, (int descriptor, const char *name), (descriptor, name))

/* ---- locks ---------------------------------------------------------------------------------- */

RUN_WRAP_USE(int, -1, flock, (int descriptor, int operation), (descriptor, operation))
RUN_WRAP_USE(int, -1, lockf, (int descriptor, int command, off_t size), (descriptor, command, size))
RUN_WRAP_USE(int, -1, lockf64, (int descriptor, int command, off64_t size), (descriptor, command, size))

/* ---- terminals ------------------------------------------------------------------------------ */

RUN_WRAP_USE(int, 0, isatty, (int descriptor), (descriptor))
RUN_WRAP_USE(char *, NULL, ttyname, (int descriptor), (descriptor))
RUN_WRAP_ERROR(ttyname_r, (int descriptor, char *name, size_t size), (descriptor, name, size))
RUN_WRAP_USE(int, -1, tcgetattr, (int descriptor, struct termios *into), (descriptor, into))
RUN_WRAP_USE(int, -1, tcsetattr, (int descriptor, int when, const struct termios *to), (descriptor, when, to))
RUN_WRAP_USE(int, -1, tcdrain, (int descriptor), (descriptor))
RUN_WRAP_USE(int, -1, tcflush, (int descriptor, int which), (descriptor, which))
RUN_WRAP_USE(int, -1, tcflow, (int descriptor, int action), (descriptor, action))
RUN_WRAP_USE(int, -1, tcsendbreak, (int descriptor, int duration), (descriptor, duration))
RUN_WRAP_USE(pid_t, -1, tcgetpgrp, (int descriptor), (descriptor))
RUN_WRAP_USE(int, -1, tcsetpgrp, (int descriptor, pid_t group), (descriptor, group))
RUN_WRAP_USE(pid_t, -1, tcgetsid, (int descriptor), (descriptor))
RUN_WRAP_USE(int, -1, grantpt, (int descriptor), (descriptor))
RUN_WRAP_USE(int, -1, unlockpt, (int descriptor), (descriptor))
RUN_WRAP_USE(char *, NULL, ptsname, (int descriptor), (descriptor))
RUN_WRAP_ERROR(ptsname_r, (int descriptor, char *name, size_t size), (descriptor, name, size))

/* ---- queues, timers, watches, processes ----------------------------------------------------- */

RUN_WRAP_USE(int, -1, mq_send, (mqd_t descriptor, const char *message, size_t size, unsigned priority), (descriptor, message, size, priority))
RUN_WRAP_USE(ssize_t, -1, mq_receive, (mqd_t descriptor, char *message, size_t size, unsigned *priority), (descriptor, message, size, priority))
RUN_WRAP_USE(int, -1, mq_timedsend, (mqd_t descriptor, const char *message, size_t size, unsigned priority, const struct timespec *until), (descriptor, message, size, priority, until))
RUN_WRAP_USE(ssize_t, -1, mq_timedreceive, (mqd_t descriptor, char *restrict message, size_t size, unsigned *restrict priority, const struct timespec *restrict until), (descriptor, message, size, priority, until))
RUN_WRAP_USE(int, -1, mq_notify, (mqd_t descriptor, const struct sigevent *event), (descriptor, event))
RUN_WRAP_USE(int, -1, mq_getattr, (mqd_t descriptor, struct mq_attr *into), (descriptor, into))
RUN_WRAP_USE(int, -1, mq_setattr, (mqd_t descriptor, const struct mq_attr *restrict to, struct mq_attr *restrict before), (descriptor, to, before))
RUN_WRAP_USE(int, -1, timerfd_settime, (int descriptor, int flags, const struct itimerspec *to, struct itimerspec *before), (descriptor, flags, to, before))
RUN_WRAP_USE(int, -1, timerfd_gettime, (int descriptor, struct itimerspec *into), (descriptor, into))
RUN_WRAP_USE(int, -1, inotify_add_watch, (int descriptor, const char *path, uint32_t mask), (descriptor, path, mask))
RUN_WRAP_USE(int, -1, inotify_rm_watch, (int descriptor, int watch), (descriptor, watch))
RUN_WRAP_USE(int, -1, fanotify_mark, (int descriptor, unsigned flags, uint64_t mask, int directory, const char *path), (descriptor, flags, mask, directory, path))
RUN_WRAP_USE(int, -1, pidfd_send_signal, (int descriptor, int signal, siginfo_t *information, unsigned flags), (descriptor, signal, information, flags))
RUN_WRAP_USE(int, -1, setns, (int descriptor, int type), (descriptor, type))

/* clang-format on */
