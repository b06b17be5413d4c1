/* SPDX-License-Identifier: ISC */
/* Counts. */
#include "rde/stats.h"

#include "common/chan.h"
#include "common/log.h"
#include "common/msg_metrics.h"
#include "common/msg_query.h"

#include "rde/group.h"
#include "rde/pack.h"
#include "rde/policy_store.h"
#include "rde/shell.h"

void
stats_log(const struct shell *sh)
{
	const struct rde *rde = sh->rde;
	const struct rde_stats *st = &rde->stats;
	int f;

	for (f = 0; f < FAMILY__MAX; f++)
		log_debug("%s: %llu prefixes, %llu paths, %llu in Loc-RIB, "
			  "%zu bytes",
		    family_name((enum family)f),
		    (unsigned long long)rde->ribs[f].n_entries,
		    (unsigned long long)rde->ribs[f].n_paths,
		    (unsigned long long)rde->ribs[f].n_best,
		    rib_bytes(&rde->ribs[f]));
	log_debug("%zu attribute sets of %zu bytes, %u update groups, "
		  "%u listings, %zu bytes in all",
	    attrs_count(rde->attrs), attrs_bytes(rde->attrs), rde->n_groups,
	    sh->queries.n, rde_bytes(rde));
	log_debug("in: %llu UPDATEs, %llu prefixes, %llu withdrawn; "
		  "out, once a group: %llu UPDATEs, %llu prefixes, "
		  "%llu withdrawn, %llu bytes; %llu decisions",
	    (unsigned long long)st->updates_in,
	    (unsigned long long)st->prefixes_in,
	    (unsigned long long)st->withdrawn_in,
	    (unsigned long long)st->updates_out,
	    (unsigned long long)st->prefixes_out,
	    (unsigned long long)st->withdrawn_out,
	    (unsigned long long)st->bytes_out,
	    (unsigned long long)st->decisions);
	log_debug("%llu UPDATEs treated as withdrawal, %llu paths with a "
		  "loop, %llu routes too long to send, %llu without a next "
		  "hop to send, %llu searches of AS paths given up",
	    (unsigned long long)st->treat_as_withdraw,
	    (unsigned long long)st->loops,
	    (unsigned long long)st->unsendable[RDE_TOO_LONG],
	    (unsigned long long)st->unsendable[RDE_NO_NEXT_HOP],
	    (unsigned long long)st->searches_given_up);
}

void
stats_rib_info(struct shell *sh, uint32_t id)
{
	const struct rib *rib;
	uint8_t buf[8 + FAMILY__MAX * 16];
	struct rib_info info;
	struct wr w;
	int f;

	info.prefixes = 0;
	for (f = 0; f < FAMILY__MAX; f++) {
		rib = &sh->rde->ribs[f];
		info.prefixes += rib->n_best;
		info.families[f].prefixes = rib->n_entries;
		info.families[f].paths = rib->n_paths;
	}
	wr_init(&w, buf, sizeof(buf));
	msg_rib_info_put(&w, &info);
	chan_send_wr(sh->apid, MSG_RIB_INFO, id, 0, &w);
}

static uint64_t
queued(const struct chan *c)
{
	return c == NULL ? 0 : chan_queued(c);
}

static size_t
groups_bytes(const struct rde *rde)
{
	const struct group *g;
	size_t n = 0;

	TAILQ_FOREACH(g, &rde->groups, entry)
		n += group_bytes(g);
	return n;
}

void
stats_metrics(struct shell *sh, uint32_t id)
{
	const struct rde *rde = sh->rde;
	const struct rib *v4 = &rde->ribs[FAMILY_IPV4_UNICAST];
	const struct rib *v6 = &rde->ribs[FAMILY_IPV6_UNICAST];
	const struct rde_stats *st = &rde->stats;
	const uint64_t v[METRIC__MAX] = {
		[METRIC_LISTINGS] = sh->queries.n,
		[METRIC_QUEUED_RDE_BGPD] = queued(sh->bgpd),
		[METRIC_QUEUED_RDE_SESSIOND] = queued(sh->sessiond),
		[METRIC_QUEUED_RDE_APID] = queued(sh->apid),
		[METRIC_RIB_ENTRIES_IPV4] = v4->n_entries,
		[METRIC_RIB_ENTRIES_IPV6] = v6->n_entries,
		[METRIC_RIB_PATHS_IPV4] = v4->n_paths,
		[METRIC_RIB_PATHS_IPV6] = v6->n_paths,
		[METRIC_RIB_BEST_IPV4] = v4->n_best,
		[METRIC_RIB_BEST_IPV6] = v6->n_best,
		[METRIC_ATTRIBUTE_SETS] = attrs_count(rde->attrs),
		[METRIC_UPDATE_GROUPS] = rde->n_groups,
		[METRIC_MEMORY_IPV4] = rib_bytes(v4),
		[METRIC_MEMORY_IPV6] = rib_bytes(v6),
		[METRIC_MEMORY_ATTRS] = attrs_bytes(rde->attrs),
		[METRIC_MEMORY_GROUPS] = groups_bytes(rde),
		[METRIC_MEMORY_PACKING] = packer_bytes(rde->packer),
		[METRIC_MEMORY_POLICY] = policy_store_bytes(rde->store),
		[METRIC_ROUNDS] = sh->sched.rounds,
		[METRIC_TURN_LONGEST] = (uint64_t)sh->sched.longest,
		[METRIC_TURN_LONGEST_CPU] = (uint64_t)sh->sched.longest_cpu,
		[METRIC_TURNS_LONG] = sh->sched.long_turns,
		[METRIC_UPDATES_IN] = st->updates_in,
		[METRIC_ANNOUNCED_IN] = st->prefixes_in,
		[METRIC_WITHDRAWN_IN] = st->withdrawn_in,
		[METRIC_UPDATES_OUT] = st->updates_out,
		[METRIC_ANNOUNCED_OUT] = st->prefixes_out,
		[METRIC_WITHDRAWN_OUT] = st->withdrawn_out,
		[METRIC_BYTES_OUT] = st->bytes_out,
		[METRIC_DECISIONS] = st->decisions,
		[METRIC_TREAT_AS_WITHDRAW] = st->treat_as_withdraw,
		[METRIC_LOOPS] = st->loops,
		[METRIC_TOO_LONG] = st->unsendable[RDE_TOO_LONG],
		[METRIC_NO_NEXT_HOP] = st->unsendable[RDE_NO_NEXT_HOP],
	};
	uint8_t buf[METRIC__MAX * 8];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	msg_metrics_put(&w, PROC_RDE, v);
	chan_send_wr(sh->apid, MSG_METRICS, id, 0, &w);
}
