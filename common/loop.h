/* SPDX-License-Identifier: ISC */
/*
 * Event loops of the processes with much to do.
 *
 * libevent handles all events that it has found before it asks for new ones.
 * These loops ask again as soon as LOOP_TURN_US went by since they last did:
 * a timer, or an event of higher priority, waits for one handler and not for
 * all whose time had come.
 */
#ifndef COMMON_LOOP_H
#define COMMON_LOOP_H

#include <stdbool.h>

struct event_base;

enum { LOOP_TURN_US = 1000 };

/* Priorities 0 (first) to n - 1; `precise`: timers to the millisecond rather
 * than to the kernel's tick.  Never fails: without a loop the process ends. */
struct event_base *loop_new(int n, bool precise);

#endif
