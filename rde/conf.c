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

#include "rde/shell.h"

void
conf_init(struct conf_state *st)
{
	memset(st, 0, sizeof(*st));
}

static void
next_drop(struct conf_state *st)
{
	free(st->next);
	st->next = NULL;
	st->ended = false;
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
	next_drop(&sh->conf);
	conf_rx_begin(&sh->conf.rx, generation);
}

/* Is `generation` the one that is being received? */
static bool
receiving(const struct conf_state *st, uint32_t generation)
{
	return st->rx.next != NULL && st->rx.next->generation == generation &&
	    !st->ended;
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

int
conf_end(struct shell *sh, uint32_t generation)
{
	struct conf_state *st = &sh->conf;
	struct err e;
	struct wr w;

	if (!receiving(st, generation))
		return -1;
	st->next = refs_of(st->rx.next);
	err_clear(&e);
	if (judge(sh, &e) == 0) {
		st->ended = true;
		chan_send_buf(sh->bgpd, MSG_CONF_READY, generation, 0, NULL, 0);
		return 0;
	}
	next_drop(st);
	wr_init_grow(&w, MSG_MAX);
	err_put(&w, &e);
	chan_send_wr(sh->bgpd, MSG_CONF_REJECT, generation, 0, &w);
	wr_free(&w);
	return 0;
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
	chan_send_buf(sh->bgpd, MSG_CONF_DONE, generation, 0, NULL, 0);
	log_debug("configuration generation %u is in force", generation);
	return 0;
}

void
conf_abort(struct shell *sh)
{
	next_drop(&sh->conf);
}
