/* SPDX-License-Identifier: ISC */
/*
 * Do the children still go round their loops?
 *
 * Each is asked every three seconds and answers as soon as it handles
 * messages.  One that has not for twelve is told of in the log, and the
 * watchdog of the service manager hears nothing while that lasts: what becomes
 * of a suite that does not route is its decision.  apid alone is ended, after
 * thirty: it starts again and no neighbour notices.
 */
#ifndef BGPD_PING_H
#define BGPD_PING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/compat.h"

struct bgpd;
struct child;
struct event;

struct ping { /* of a child */
	uint32_t number; /* of the last question */
	bool waiting; /* for its answer */
	unsigned int missed; /* times that it was not there in time */
	bool stalled; /* so often that it was told */
};

void pings_start(struct bgpd *);
void pings_stop(struct bgpd *);
/* The process is new: it was asked nothing. */
void ping_reset(struct child *);
/* PONG; -1: to no question. */
int ping_answer(struct child *, uint32_t number) ATTR_CHECK;
/* No child that runs has stalled. */
bool pings_answered(const struct bgpd *);

#endif
