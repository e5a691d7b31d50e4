/* How the traced processes return after system calls: see preload/returns.h. */
#ifndef HOLDFAST_RETURNS_H
#define HOLDFAST_RETURNS_H

#include <stdbool.h>
#include <stddef.h>

/* What the kernel says of its guard against Speculative Return Stack Overflow. */
#define RETURNS_OVERFLOW "/sys/devices/system/cpu/vulnerabilities/spec_rstack_overflow"

/* Whether that file, which need not exist, tells of a guard that spoils the foresight of returns.
 */
bool returns_are_spoilt(const char *path);

#endif
