/* SPDX-License-Identifier: ISC */
/* Children are asked whether they hear; see ping.h. */
#include "bgpd/ping.h"

#include <event2/event.h>
#include <stddef.h>
#include <string.h>

#include "bgpd/bgpd.h"
#include "common/log.h"

/* Times that the timer went off, not time that went by: a parent that was
 * stopped itself has missed nothing. */
enum {
	PING_SECS = 3,
	STALLED = 4,
	GIVEN_UP = 10,
};

static void
ask(struct child *c)
{
	struct ping *p = &c->ping;

	p->waiting = true;
	p->missed = 0;
	chan_send_buf(c->chan, MSG_PING, ++p->number, 0, NULL, 0);
}

/* No answer yet. */
static void
miss(struct child *c)
{
	struct ping *p = &c->ping;

	p->missed++;
	if (p->missed == STALLED) {
		p->stalled = true;
		log_errorx("%s has not answered for %d s", proc_name(c->proc),
		    STALLED * PING_SECS);
	}
	if (p->missed == GIVEN_UP && c->proc == PROC_APID)
		child_kill(c, "it does not answer");
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct bgpd *b = arg;
	enum proc proc;
	struct child *c;

	(void)fd;
	(void)what;
	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++) {
		c = &b->children[proc];
		if (!child_running(c))
			continue;
		if (c->ping.waiting)
			miss(c);
		else
			ask(c);
	}
}

void
pings_start(struct bgpd *b)
{
	const struct timeval every = { PING_SECS, 0 };

	b->ping_timer = event_new(b->base, -1, EV_PERSIST, on_timer, b);
	if (b->ping_timer == NULL || event_add(b->ping_timer, &every) == -1)
		fatalx("no timer for the children");
}

void
pings_stop(struct bgpd *b)
{
	event_free(b->ping_timer);
	b->ping_timer = NULL;
}

void
ping_reset(struct child *c)
{
	memset(&c->ping, 0, sizeof(c->ping));
}

int
ping_answer(struct child *c, uint32_t number)
{
	struct ping *p = &c->ping;

	if (!p->waiting || number != p->number)
		return -1;
	if (p->stalled)
		log_info("%s answers again, after %u s", proc_name(c->proc),
		    p->missed * PING_SECS);
	p->waiting = p->stalled = false;
	return 0;
}

bool
pings_answered(const struct bgpd *b)
{
	enum proc proc;

	for (proc = PROC_SESSIOND; proc < PROC__MAX; proc++) {
		if (child_running(&b->children[proc]) &&
		    b->children[proc].ping.stalled)
			return false;
	}
	return true;
}
