/* SPDX-License-Identifier: ISC */
/* Counts. */
#include "rde/stats.h"

#include "common/chan.h"
#include "common/log.h"
#include "common/msg_query.h"

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
