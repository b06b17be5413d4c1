/* SPDX-License-Identifier: ISC */
/* Configuration of the rde and the routes of its networks. */
#include "rde/conf.h"

#include <stdlib.h>
#include <string.h>

#include "common/bgp_attr.h"
#include "common/chan.h"
#include "common/err.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/xmalloc.h"

#include "rde/policy_store.h"
#include "rde/shell.h"

enum {
	CONF_SLICE_US = 1000, /* of compiling, a round */
	CONF_STEP = 16, /* members between looks at the clock */
	CONF_DONE_MS = 2000, /* the work on routes may go on after this */
};

void
conf_init(struct conf_state *st)
{
	memset(st, 0, sizeof(*st));
}

/* What was received and not committed. */
static void
next_drop(struct conf_state *st)
{
	free(st->next);
	st->next = NULL;
	st->building = st->ended = false;
	conf_rx_abort(&st->rx);
}

void
conf_fini(struct conf_state *st)
{
	next_drop(st);
	free(st->networks);
	st->networks = NULL;
	conf_free(st->conf);
	st->conf = NULL;
}

/* --- networks */

static int
ref_cmp(const void *a, const void *b)
{
	const struct network_ref *x = a;
	const struct network_ref *y = b;

	return nlri_cmp(&x->net->nlri, &y->net->nlri);
}

static struct network_ref *
refs_of(const struct conf *c)
{
	struct network_ref *refs;
	uint32_t i;

	if (c->n_networks == 0)
		return NULL;
	refs = xcalloc(c->n_networks, sizeof(*refs));
	for (i = 0; i < c->n_networks; i++)
		refs[i].net = &c->networks[i];
	qsort(refs, c->n_networks, sizeof(*refs), ref_cmp);
	return refs;
}

static struct network_ref *
ref_find(struct network_ref *refs, uint32_t n, const struct nlri *nlri)
{
	struct conf_network key = { .nlri = *nlri };
	struct network_ref ref = { &key, false };

	if (n == 0)
		return NULL;
	return bsearch(&ref, refs, n, sizeof(*refs), ref_cmp);
}

static bool
net_equal(const struct conf_network *a, const struct conf_network *b)
{
	return a->attrs_len == b->attrs_len &&
	    memcmp(a->attrs, b->attrs, a->attrs_len) == 0;
}

/* What the running configuration has for a prefix, removed or not. */
static struct network_ref *
running(const struct conf_state *st, const struct nlri *nlri)
{
	return ref_find(st->networks,
	    st->conf != NULL ? st->conf->n_networks : 0, nlri);
}

struct network_ref *
conf_network(const struct shell *sh, const struct nlri *nlri)
{
	struct network_ref *ref;

	ref = running(&sh->conf, nlri);
	return ref != NULL && !ref->removed ? ref : NULL;
}

/* Does the route of `net` exist after the next commit whatever was done to
 * the old one at run time? */
static bool
comes_anew(const struct conf_state *st, const struct conf_network *net,
    struct network_ref **old)
{
	*old = running(st, &net->nlri);
	return *old == NULL || !net_equal((*old)->net, net);
}

bool
conf_claims(const struct shell *sh, const struct nlri *nlri)
{
	const struct conf_state *st = &sh->conf;
	struct network_ref *ref;
	struct network_ref *old;

	if (conf_network(sh, nlri) != NULL)
		return true;
	if (!st->ended)
		return false;
	ref = ref_find(st->next, st->rx.next->n_networks, nlri);
	return ref != NULL && comes_anew(st, ref->net, &old);
}

static bool
has_local_path(const struct shell *sh, const struct nlri *nlri)
{
	const struct rib *rib = &sh->rde->ribs[nlri->family];
	struct rib_path_view v;
	uint32_t id;

	id = rib_find(rib, nlri);
	return id != 0 && rib_path_of(rib, id, 0, &v);
}

/* May the configuration that was received be taken over? */
static int
judge(struct shell *sh, struct err *e)
{
	struct conf_state *st = &sh->conf;
	const struct conf *c = st->rx.next;
	const struct conf_network *net;
	struct network_ref *old;
	char buf[NLRI_STRLEN];
	struct err why;
	uint32_t i;

	for (i = 0; i < c->n_networks; i++) {
		net = st->next[i].net;
		nlri_str(&net->nlri, buf);
		if (i > 0 &&
		    nlri_cmp(&st->next[i - 1].net->nlri, &net->nlri) == 0)
			return err_set(e, ERR_INVALID,
			    "networks: %s is there twice", buf);
		if (bgp_attr_validate(net->attrs, net->attrs_len,
			(enum family)net->nlri.family, &why) == -1)
			return err_set(e, ERR_INVALID, "networks: %s: %.300s",
			    buf, why.text);
		if (comes_anew(st, net, &old) &&
		    (old == NULL || old->removed) &&
		    has_local_path(sh, &net->nlri))
			return err_set(e, ERR_EXISTS,
			    "networks: %s already exists as a route added "
			    "through the API",
			    buf);
	}
	return 0;
}

/* --- the messages */

void
conf_begin(struct shell *sh, uint32_t generation)
{
	conf_abort(sh);
	conf_rx_begin(&sh->conf.rx, sh->conf.conf, generation);
}

/* Is `generation` the one that is being received? */
static bool
receiving(const struct conf_state *st, uint32_t generation)
{
	return st->rx.next != NULL && st->rx.next->generation == generation &&
	    !st->building && !st->ended;
}

int
conf_item(struct shell *sh, uint32_t generation, const uint8_t *data,
    size_t len)
{
	struct conf_state *st = &sh->conf;

	if (!receiving(st, generation))
		return -1;
	return conf_rx_item(&st->rx, data, len);
}

static void
reject(struct shell *sh, const struct err *e)
{
	uint32_t generation = sh->conf.rx.next->generation;
	struct wr w;

	conf_abort(sh);
	wr_init_grow(&w, MSG_MAX);
	err_put(&w, e);
	chan_send_wr(sh->bgpd, MSG_CONF_REJECT, generation, 0, &w);
	wr_free(&w);
}

static void
vote(struct shell *sh)
{
	struct conf_state *st = &sh->conf;
	struct err e;

	st->building = false;
	err_clear(&e);
	if (judge(sh, &e) == -1) {
		reject(sh, &e);
		return;
	}
	st->ended = true;
	chan_send_buf(sh->bgpd, MSG_CONF_READY, st->rx.next->generation, 0,
	    NULL, 0);
}

int
conf_end(struct shell *sh, uint32_t generation)
{
	struct conf_state *st = &sh->conf;

	if (!receiving(st, generation))
		return -1;
	st->next = refs_of(st->rx.next);
	st->building = true;
	policy_store_build(sh->rde->store, st->rx.next);
	return 0;
}

static void
done(struct shell *sh)
{
	struct conf_state *st = &sh->conf;

	st->done_due = false;
	chan_send_buf(sh->bgpd, MSG_CONF_DONE, st->conf->generation, 0, NULL,
	    0);
	log_debug("configuration generation %u is in force",
	    st->conf->generation);
}

bool
conf_work(struct shell *sh)
{
	struct conf_state *st = &sh->conf;
	struct mono now = mono_now(), end = now;
	enum policy_build b = POLICY_BUILD_MORE;
	struct err e;

	if (sh->bgpd == NULL)
		return false;
	end.us += CONF_SLICE_US;
	while (
	    st->building && b == POLICY_BUILD_MORE && !mono_reached(now, end)) {
		b = policy_store_step(sh->rde->store, CONF_STEP, &e);
		if (b == POLICY_BUILD_DONE)
			vote(sh);
		else if (b == POLICY_BUILD_FAILED)
			reject(sh, &e);
		now = mono_now();
	}
	if (st->done_due &&
	    (!rde_has_reeval(sh->rde) || mono_reached(now, st->done_by)))
		done(sh);
	return st->building || st->done_due;
}

/* Routes of networks: what went, what came, what changed. */
static void
apply_networks(struct shell *sh, const struct conf *c)
{
	struct conf_state *st = &sh->conf;
	struct network_ref *old;
	struct network_ref *ref;
	struct mono now = mono_now();
	uint32_t n_old = st->conf != NULL ? st->conf->n_networks : 0;
	uint32_t i;

	for (i = 0; i < n_old; i++) {
		old = &st->networks[i];
		if (!old->removed &&
		    ref_find(st->next, c->n_networks, &old->net->nlri) == NULL)
			(void)rde_local_remove(sh->rde, &old->net->nlri);
	}
	for (i = 0; i < c->n_networks; i++) {
		ref = &st->next[i];
		if (comes_anew(st, ref->net, &old))
			rde_local_add(sh->rde, &ref->net->nlri, ref->net->attrs,
			    ref->net->attrs_len, now);
		else
			ref->removed = old->removed;
	}
}

int
conf_commit(struct shell *sh, uint32_t generation)
{
	struct conf_state *st = &sh->conf;
	struct conf *c = st->rx.next;

	if (!st->ended || c->generation != generation)
		return -1;
	rde_configure(sh->rde, c->asn, c->router_id, c->cluster_id);
	policy_store_commit(sh->rde->store);
	apply_networks(sh, c);
	free(st->networks);
	conf_free(st->conf);
	st->conf = conf_rx_take(&st->rx);
	st->networks = st->next;
	st->next = NULL;
	st->ended = false;
	proc_apply_log(st->conf);
	session_configure(sh);
	bmp_configure(sh);
	sh->rx_piece = SESSION_PIECE_FIRST; /* they may be slower */
	rde_policies_changed(sh->rde);
	st->done_due = true;
	st->done_by = mono_add_ms(mono_now(), CONF_DONE_MS);
	sched_poke(sh);
	return 0;
}

void
conf_abort(struct shell *sh)
{
	policy_store_abort(sh->rde->store);
	next_drop(&sh->conf);
}
