/* SPDX-License-Identifier: ISC */
/* Rounds. */
#include "rde/sched.h"

#include <event2/event.h>

#include "common/log.h"

#include "rde/counts.h"
#include "rde/shell.h"

static void
on_event(evutil_socket_t fd ATTR_UNUSED, short what ATTR_UNUSED, void *arg)
{
	sched_round(arg);
}

void
sched_init(struct shell *sh)
{
	struct sched *sc = &sh->sched;

	sc->work = evtimer_new(sh->base, on_event, sh);
	sc->deadline = evtimer_new(sh->base, on_event, sh);
	if (sc->work == NULL || sc->deadline == NULL ||
	    event_priority_set(sc->work, SHELL_PRIO_ROUTES) == -1 ||
	    event_priority_set(sc->deadline, SHELL_PRIO_ROUTES) == -1)
		fatalx("evtimer_new of the scheduler");
}

void
sched_fini(struct shell *sh)
{
	event_free(sh->sched.work);
	event_free(sh->sched.deadline);
}

void
sched_poke(struct shell *sh)
{
	const struct timeval now = { 0, 0 };

	if (!evtimer_pending(sh->sched.work, NULL) &&
	    evtimer_add(sh->sched.work, &now) == -1)
		fatalx("evtimer_add of the scheduler");
}

/* When will there be something to do that no message announces? */
static void
arm_deadline(struct shell *sh, struct mono now)
{
	struct timeval tv = { 0, 0 };
	struct mono at;
	int64_t us;

	if (!rde_deadline(sh->rde, now, &at)) {
		evtimer_del(sh->sched.deadline);
		return;
	}
	us = mono_diff_us(at, now);
	if (us > 0) {
		tv.tv_sec = (time_t)(us / 1000000);
		tv.tv_usec = (suseconds_t)(us % 1000000);
	}
	if (evtimer_add(sh->sched.deadline, &tv) == -1)
		fatalx("evtimer_add of the scheduler");
}

/* True if packing stopped at its time with more to do. */
static bool
pack(struct shell *sh, struct mono *now)
{
	struct mono end = *now;
	bool more;

	end.us += SCHED_PACK_US;
	do {
		more = rde_pack(sh->rde, *now, SCHED_PACK_BYTES);
		*now = mono_now();
	} while (more && !mono_reached(*now, end));
	return more;
}

/* Policies on routes that are there; true while there is more. */
static bool
reevaluate(struct shell *sh)
{
	struct mono end = mono_now();
	bool more;

	if (!rde_has_reeval(sh->rde))
		return false;
	end.us += SCHED_REEVAL_US;
	do
		more = rde_reeval(sh->rde, SCHED_REEVAL_STEP);
	while (more && !mono_reached(mono_now(), end));
	return more;
}

void
sched_round(struct shell *sh)
{
	struct mono now = mono_now();
	bool packing;
	bool sweeping;
	bool policies;
	bool late;

	if (sh->stopping)
		return;
	sh->sched.rounds++;
	late = session_late(sh);
	rde_settle(sh->rde);
	session_credits(sh);
	packing = pack(sh, &now);
	/* What was removed, or a copy of a group that is complete now, can go
	 * out at once. */
	sweeping = rde_sweep(sh->rde, SCHED_SWEEP_ENTRIES);
	policies = reevaluate(sh);
	policies = conf_work(sh) || policies;
	if (!packing)
		packing = pack(sh, &now);
	inject_answer(sh);
	if (late || packing || sweeping || policies || rde_has_sweep(sh->rde))
		sched_poke(sh);
	arm_deadline(sh, now);
	counts_touch(sh);
	walks_share(&sh->walks);
}
