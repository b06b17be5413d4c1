/* SPDX-License-Identifier: ISC */
/* Slices of background work, round robin. */
#include "rde/walk.h"

#include <event2/event.h>
#include <stddef.h>

#include "common/log.h"

enum { CLOCK_EVERY = 32 }; /* entries between looks at the clock */

bool
walk_budget_take(struct walk_budget *b)
{
	if (b->entries == 0)
		return false;
	if (++b->unchecked == CLOCK_EVERY) {
		b->unchecked = 0;
		if (mono_reached(mono_now(), b->deadline)) {
			b->entries = 0;
			return false;
		}
	}
	b->entries--;
	return true;
}

static void
arm(struct walks *ws)
{
	const struct timeval now = { 0, 0 };

	if (!TAILQ_EMPTY(&ws->list) && !evtimer_pending(ws->ev, NULL) &&
	    evtimer_add(ws->ev, &now) == -1)
		fatalx("evtimer_add of the walks");
}

void
walks_step(struct walks *ws)
{
	struct walk *w = TAILQ_FIRST(&ws->list);
	struct walk_budget b;

	if (w == NULL)
		return;
	TAILQ_REMOVE(&ws->list, w, entry);
	w->queued = false;
	b.entries = WALK_SLICE_ENTRIES;
	b.unchecked = 0;
	b.deadline = mono_now();
	b.deadline.us += WALK_SLICE_US;
	if (w->step(w, &b) == WALK_MORE)
		walk_start(ws, w);
	ws->last = mono_now();
}

static void
on_turn(evutil_socket_t fd ATTR_UNUSED, short what ATTR_UNUSED, void *arg)
{
	struct walks *ws = arg;

	walks_step(ws);
	arm(ws);
}

void
walks_init(struct walks *ws, struct event_base *base, int prio)
{
	TAILQ_INIT(&ws->list);
	ws->last = mono_now();
	ws->ev = evtimer_new(base, on_turn, ws);
	if (ws->ev == NULL || event_priority_set(ws->ev, prio) == -1)
		fatalx("evtimer_new of the walks");
}

void
walks_fini(struct walks *ws)
{
	if (!TAILQ_EMPTY(&ws->list))
		fatalx("%s: walks are left", __func__);
	event_free(ws->ev);
	ws->ev = NULL;
}

void
walk_start(struct walks *ws, struct walk *w)
{
	if (w->queued)
		return;
	w->queued = true;
	TAILQ_INSERT_TAIL(&ws->list, w, entry);
	arm(ws);
}

void
walk_stop(struct walks *ws, struct walk *w)
{
	if (!w->queued)
		return;
	w->queued = false;
	TAILQ_REMOVE(&ws->list, w, entry);
}

void
walks_share(struct walks *ws)
{
	if (TAILQ_EMPTY(&ws->list))
		return;
	if (mono_diff_us(mono_now(), ws->last) >= WALK_SHARE_US)
		walks_step(ws);
}
