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

/* --- turns */

void
sched_turn(struct shell *sh)
{
	struct sched *sc = &sh->sched;

	sc->in_turn = true;
	sc->began = mono_now();
	sc->began_cpu = mono_cpu_us();
}

struct mono
sched_updates_until(const struct shell *sh)
{
	struct mono until = sh->sched.in_turn ? sh->sched.began : mono_now();

	until.us += SCHED_UPDATES_US;
	return until;
}

static void
turn_end(struct sched *sc)
{
	int64_t us = mono_diff_us(mono_now(), sc->began), cpu;

	sc->in_turn = false;
	sc->long_turns += us > SCHED_TURN_US;
	if (us > sc->longest)
		sc->longest = us;
	if (us <= sc->longest_cpu) /* it cannot have taken more than that */
		return;
	cpu = mono_cpu_us() - sc->began_cpu;
	if (cpu > sc->longest_cpu)
		sc->longest_cpu = cpu;
}

/* --- work */

static struct mono
after(int64_t us)
{
	struct mono t = mono_now();

	t.us += us;
	return t;
}

/* True if packing stopped at its time with more to do. */
static bool
pack(struct shell *sh)
{
	struct mono until = after(SCHED_PACK_US), now;
	bool more;

	do {
		now = mono_now();
		more = rde_pack(sh->rde, now, until, SCHED_PACK_BYTES);
	} while (more && !mono_reached(mono_now(), until));
	return more;
}

/* Routes that leave; true while there is more. */
static bool
sweep(struct shell *sh)
{
	struct mono until = after(SCHED_SWEEP_US);
	bool more;

	do {
		more = rde_sweep(sh->rde, SCHED_SWEEP_STEP);
		rde_settle_many(sh->rde);
	} while (more && !mono_reached(mono_now(), until));
	return more;
}

/* Policies on routes that are there; true while there is more. */
static bool
reevaluate(struct shell *sh)
{
	struct mono until = after(SCHED_REEVAL_US);
	bool more;

	if (!rde_has_reeval(sh->rde))
		return false;
	do {
		more = rde_reeval(sh->rde, SCHED_REEVAL_STEP);
		rde_settle_many(sh->rde);
	} while (more && !mono_reached(mono_now(), until));
	return more;
}

void
sched_round(struct shell *sh)
{
	bool packing;
	bool sweeping;
	bool policies;
	bool late;

	if (sh->stopping)
		return;
	if (!sh->sched.in_turn)
		sched_turn(sh);
	sh->sched.rounds++;
	late = session_late(sh);
	rde_settle(sh->rde);
	session_credits(sh);
	packing = pack(sh);
	/* What was removed, or a copy of a group that is complete now, can go
	 * out at once. */
	sweeping = sweep(sh);
	policies = reevaluate(sh);
	policies = conf_work(sh) || policies;
	if (!packing)
		packing = pack(sh);
	inject_answer(sh);
	if (late || packing || sweeping || policies || rde_has_sweep(sh->rde))
		sched_poke(sh);
	arm_deadline(sh, mono_now());
	counts_touch(sh);
	walks_share(&sh->walks);
	turn_end(&sh->sched);
}
