/* SPDX-License-Identifier: ISC */
/* Restart timers of peers whose routes are kept. */
#include "rde/stale.h"

#include <event2/event.h>

#include "common/log.h"

#include "rde/shell.h"

static void
on_expiry(evutil_socket_t fd ATTR_UNUSED, short what ATTR_UNUSED, void *arg)
{
	struct session *s = arg;
	struct shell *sh = s->shell;

	if (session_may_log(s))
		log_peer(LOG_LEVEL_INFO, s->name,
		    "graceful restart: time is over, stale routes are "
		    "removed");
	rde_stale_drop(sh->rde, s->peer, s->peer->keeping);
	sched_poke(sh);
}

static void
wind(struct session *s, uint32_t secs)
{
	struct timeval tv = { 0, 0 };

	if (s->restart == NULL) {
		s->restart = evtimer_new(s->shell->base, on_expiry, s);
		if (s->restart == NULL ||
		    event_priority_set(s->restart, SHELL_PRIO_LINK) == -1)
			fatalx("evtimer_new of a restart timer");
	}
	tv.tv_sec = (time_t)secs;
	if (evtimer_add(s->restart, &tv) == -1)
		fatalx("evtimer_add of a restart timer");
}

void
stale_start(struct session *s, uint32_t secs)
{
	if (session_may_log(s))
		log_peer(LOG_LEVEL_INFO, s->name,
		    "graceful restart: routes are kept for %u s", secs);
	wind(s, secs);
}

void
stale_resumed(struct session *s, uint32_t secs)
{
	if (s->peer->keeping == 0) {
		stale_stop(s);
		return;
	}
	/* A peer that says no time now still has what it said before. */
	if (secs > 0 || s->restart == NULL)
		wind(s, secs);
}

void
stale_end_of_rib(struct session *s, enum family family)
{
	uint32_t bit = FAMILY_BIT(family);

	if ((s->peer->keeping & bit) == 0)
		return;
	rde_stale_drop(s->shell->rde, s->peer, bit);
	sched_poke(s->shell);
	if (s->peer->keeping == 0)
		stale_stop(s);
}

void
stale_stop(struct session *s)
{
	if (s->restart == NULL)
		return;
	event_free(s->restart);
	s->restart = NULL;
}
