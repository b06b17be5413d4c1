/* SPDX-License-Identifier: ISC */
/*
 * Telling the service manager that started us how we are: the protocol of
 * sd_notify(3), datagrams to the socket that NOTIFY_SOCKET names.  Without
 * that variable every function does nothing.
 *
 * Nothing here waits: a message that the manager's socket has no room for is
 * kept and tried again from the event loop; of several, the last counts.
 */
#ifndef BGPD_NOTIFY_H
#define BGPD_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/compat.h"

struct event_base;
struct notify;

/*
 * Take NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment,
 * so that no child inherits them, and open the socket.  NULL if nobody wants
 * to be told, or if the variables are of no use (said in the log).
 */
struct notify *notify_new(void);
void notify_free(struct notify *);

/*
 * From here on the base repeats what did not get through and, where a
 * watchdog was asked for, says that we live in a third of its time, as long
 * as alive(arg) holds.
 */
void notify_run(struct notify *, struct event_base *, bool (*alive)(void *arg),
    void *arg);

/* Up and serving, also after a reload; the text is for the operator. */
void notify_ready(struct notify *, const char *status, ...) ATTR_PRINTF(2, 3);
/* The configuration is being read again; notify_ready() follows. */
void notify_reloading(struct notify *);
/* The end has begun. */
void
notify_stopping(struct notify *, const char *status, ...) ATTR_PRINTF(2, 3);

#endif
