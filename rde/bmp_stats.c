/* SPDX-License-Identifier: ISC */
/*
 * Statistics of BMP (RFC 7854 4.8): a report for each peer an interval after
 * its Peer Up, and so on.  All intervals of a server are the same, so the
 * peers stand in a list in the order in which they are due.
 */
#include <event2/event.h>
#include <time.h>

#include "common/log.h"
#include "common/msg_conduit.h"
#include "rde/bmp_server.h"
#include "rde/shell.h"

static void
arm(struct bmp_server *s)
{
	const struct bmp_feed *first = TAILQ_FIRST(&s->due);
	struct timeval tv = { 0, 0 };
	int64_t us;

	if (s->closing)
		return;
	if (first == NULL) {
		evtimer_del(s->timer);
		return;
	}
	us = mono_diff_us(first->due, mono_now());
	if (us > 0) {
		tv.tv_sec = (time_t)(us / 1000000);
		tv.tv_usec = (suseconds_t)(us % 1000000);
	}
	if (evtimer_add(s->timer, &tv) == -1)
		fatalx("evtimer_add of BMP statistics");
}

static void
enqueue(struct bmp_server *s, struct bmp_feed *f)
{
	f->due =
	    mono_add_ms(mono_now(), (int64_t)s->conf.statistics_secs * 1000);
	TAILQ_INSERT_TAIL(&s->due, f, due_entry);
}

void
bmp_stats_start(struct bmp_server *s, struct bmp_feed *f)
{
	if (s->conf.statistics_secs == 0)
		return;
	enqueue(s, f);
	arm(s);
}

void
bmp_stats_stop(struct bmp_server *s, struct bmp_feed *f)
{
	if (f->due.us == 0)
		return;
	f->due.us = 0;
	TAILQ_REMOVE(&s->due, f, due_entry);
	arm(s);
}

static void
put_loc_rib(const struct rde *rde, struct wr *w)
{
	uint64_t n = 0;
	int f;

	for (f = 0; f < FAMILY__MAX; f++)
		n += rde->ribs[f].n_best;
	bmp_stat64(w, BMP_STAT_LOC_RIB, n);
	for (f = 0; f < FAMILY__MAX; f++)
		bmp_stat_family(w, BMP_STAT_LOC_RIB_FAMILY,
		    family_afi((enum family)f), family_safi((enum family)f),
		    rde->ribs[f].n_best);
}

/* A loop of confederations (6) there is none: where there are no
 * confederations, segments of them are malformed. */
static void
put_counters(const struct peer_tally *st, struct wr *w)
{
	bmp_stat32(w, BMP_STAT_REJECTED, st->rejected);
	bmp_stat32(w, BMP_STAT_DUPLICATE_PREFIXES, st->same_prefixes);
	bmp_stat32(w, BMP_STAT_DUPLICATE_WITHDRAWS, st->same_withdrawals);
	bmp_stat32(w, BMP_STAT_CLUSTER_LOOPS, st->cluster_loops);
	bmp_stat32(w, BMP_STAT_AS_LOOPS, st->as_loops);
	bmp_stat32(w, BMP_STAT_ORIGINATOR_LOOPS, st->originator_loops);
	bmp_stat32(w, BMP_STAT_CONFED_LOOPS, 0);
	bmp_stat32(w, BMP_STAT_WITHDRAWN_UPDATES, st->withdrawn_updates);
	bmp_stat32(w, BMP_STAT_WITHDRAWN_PREFIXES, st->withdrawn_prefixes);
	bmp_stat32(w, BMP_STAT_DUPLICATE_UPDATES, st->same_updates);
}

/* Adj-RIB-Out before (RFC 8671 6.2: 14, 16) or after policy (15, 17). */
static void
put_out(const struct peer *peer, const struct family_count *counts,
    enum bmp_stat stat, enum bmp_stat stat_family, struct wr *w)
{
	uint64_t n = 0;
	int f;

	for (f = 0; f < FAMILY__MAX; f++)
		n += counts[f].sent;
	bmp_stat64(w, stat, n);
	for (f = 0; f < FAMILY__MAX; f++) {
		if (peer->families & FAMILY_BIT(f))
			bmp_stat_family(w, stat_family,
			    family_afi((enum family)f),
			    family_safi((enum family)f), counts[f].sent);
	}
}

static void
put_peer(const struct peer *peer, struct wr *w)
{
	struct family_count counts[FAMILY__MAX];
	uint64_t in = 0;
	int f;

	put_counters(&peer->tally, w);
	rde_peer_counts(peer, counts);
	for (f = 0; f < FAMILY__MAX; f++) {
		/* What a restart keeps was said of the session before. */
		counts[f].received = peer->count[f].fresh;
		in += counts[f].received;
	}
	bmp_stat64(w, BMP_STAT_ADJ_RIB_IN, in);
	for (f = 0; f < FAMILY__MAX; f++) {
		if (peer->families & FAMILY_BIT(f))
			bmp_stat_family(w, BMP_STAT_ADJ_RIB_IN_FAMILY,
			    family_afi((enum family)f),
			    family_safi((enum family)f), counts[f].received);
	}
	/* Without export policy it is the same before and after; with one,
	 * nobody counts what it is asked about. */
	if (peer->program[CONF_EXPORT] == NULL)
		put_out(peer, counts, BMP_STAT_ADJ_RIB_OUT_PRE,
		    BMP_STAT_ADJ_RIB_OUT_PRE_FAMILY, w);
	put_out(peer, counts, BMP_STAT_ADJ_RIB_OUT, BMP_STAT_ADJ_RIB_OUT_FAMILY,
	    w);
}

static void
report(struct bmp_server *s, const struct bmp_feed *f)
{
	const struct rde *rde = s->shell->rde;
	const struct peer *peer = f->id == 0 ? NULL : rde->peers[f->id];
	struct bmp_peer p;
	struct timespec now;
	size_t at;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	bmp_peer_of(rde, peer, 0, (uint32_t)now.tv_sec, &p);
	p.usecs = (uint32_t)(now.tv_nsec / 1000);
	at = bmp_stats_begin(&s->out, &p);
	if (peer == NULL)
		put_loc_rib(rde, &s->out);
	else
		put_peer(peer, &s->out);
	if (f->resyncs > 0)
		bmp_stat32(&s->out, BMP_STAT_RESYNCS, f->resyncs);
	bmp_stats_end(&s->out, at);
}

void
bmp_stats_tick(struct bmp_server *s)
{
	struct mono now = mono_now();
	struct bmp_feed *f;
	size_t n = 0;

	while (
	    (f = TAILQ_FIRST(&s->due)) != NULL && mono_reached(now, f->due)) {
		/* One that reads nothing needs no fresh numbers either. */
		if (wr_len(&s->out) - s->out_at > CONDUIT_WINDOW)
			s->dropped++;
		else {
			report(s, f);
			n++;
		}
		TAILQ_REMOVE(&s->due, f, due_entry);
		enqueue(s, f);
	}
	arm(s);
	if (n > 0)
		bmp_server_wrote(s, n);
}
