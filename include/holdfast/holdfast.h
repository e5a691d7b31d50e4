/* Holdfast: native handles that cannot be used after close, closed twice, or mistaken for their
 * successors.  This header includes the portable ones; <holdfast/posix.h> adds ready-made types.
 *
 * The words: a *value* is the native thing; a *handle* is what callers keep and pass; a *table*
 * owns *slots*, each of which holds one value at a time; a *generation* counts a slot's lives; a
 * *type* knows how to release a value; a *namespace* is a number space of values; a *region* is
 * scoped protection on one thread, a *reference* counted protection that may cross threads; *close*
 * refuses new ones and lets the last holder *release* the value; *rundown* is close and wait.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_HOLDFAST_H
#define HOLDFAST_HOLDFAST_H

#include <holdfast/base.h>
#include <holdfast/dispatch.h>
#include <holdfast/handle.h>
#include <holdfast/lifetime.h>
#include <holdfast/lock.h>
#include <holdfast/process.h>
#include <holdfast/region.h>
#include <holdfast/report.h>
#include <holdfast/status.h>
#include <holdfast/table.h>
#include <holdfast/timer.h>
#include <holdfast/type.h>

#endif
