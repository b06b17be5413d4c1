/* SPDX-License-Identifier: ISC */
/* Numbers of prefixes for sessiond; see counts.h. */
#include "rde/counts.h"

#include <event2/event.h>
#include <string.h>

#include "common/chan.h"
#include "common/log.h"

#include "rde/policy_store.h"
#include "rde/shell.h"

/* One message is cut well below the limit. */
enum { COUNTS_BYTES = 32 * 1024 };

static void
flush(struct shell *sh, struct wr *w)
{
	if (wr_len(w) > 0)
		chan_send_wr(sh->sessiond, MSG_PEER_COUNTS, 0, 0, w);
	wr_reset(w);
}

/* Patterns that backtrack; what is not told yet waits for a later round. */
static void
limits(struct shell *sh)
{
	struct policy_store *store = sh->rde->store;
	const char *name;
	uint64_t n;

	sh->rde->stats.searches_given_up += policy_store_take_limits(store);
	while ((name = policy_store_tell_limits(store, mono_now(), &n)) != NULL)
		log_warnx("as-path-set %s: %llu searches were given up after "
			  "too many steps, which counts as no match",
		    name, (unsigned long long)n);
}

static void
on_timer(evutil_socket_t fd ATTR_UNUSED, short what ATTR_UNUSED, void *arg)
{
	struct shell *sh = arg;
	struct peer_counts c;
	struct session *s;
	const struct peer *p;
	struct wr w;
	uint32_t id;

	limits(sh);
	if (sh->stopping || sh->sessiond == NULL)
		return;
	if (chan_congested(sh->sessiond)) {
		counts_touch(sh); /* UPDATEs first */
		return;
	}
	wr_init_grow(&w, MSG_MAX);
	for (id = 1; id < sh->rde->n_peers; id++) {
		p = sh->rde->peers[id];
		if (p == NULL || !p->up || p->shell == NULL)
			continue;
		s = p->shell;
		memset(&c, 0, sizeof(c));
		rde_peer_counts(p, c.families);
		if (memcmp(c.families, s->counts, sizeof(s->counts)) == 0)
			continue;
		memcpy(s->counts, c.families, sizeof(s->counts));
		c.peer = id;
		c.epoch = p->epoch;
		msg_peer_counts_put(&w, &c);
		if (wr_len(&w) >= COUNTS_BYTES)
			flush(sh, &w);
	}
	flush(sh, &w);
	wr_free(&w);
}

void
counts_init(struct shell *sh)
{
	sh->counts = evtimer_new(sh->base, on_timer, sh);
	if (sh->counts == NULL ||
	    event_priority_set(sh->counts, SHELL_PRIO_ROUTES) == -1)
		fatalx("evtimer_new of the counts");
}

void
counts_fini(struct shell *sh)
{
	event_free(sh->counts);
}

void
counts_touch(struct shell *sh)
{
	const struct timeval wait = { 0, COUNTS_MS * 1000 };

	if (!evtimer_pending(sh->counts, NULL) &&
	    evtimer_add(sh->counts, &wait) == -1)
		fatalx("evtimer_add of the counts");
}
