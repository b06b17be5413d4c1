/* SPDX-License-Identifier: ISC */
/*
 * A configuration on its way to one child, item by item as the channel takes
 * it, so that a large one does not pile up in memory.  A listener's
 * descriptor rides along for a child that does not hold it yet.
 */
#include "bgpd/bgpd.h"

#include <fcntl.h>

#include "common/log.h"

/* Items are gathered up to CONF_ITEM_LEN, and the last may go beyond it. */
_Static_assert(
    CONF_ITEM_LEN + 2 * CONF_POLICIES_MAX * (2 + CONF_NAME_MAX) + 256 < MSG_MAX,
    "the longest peer fits behind others");
_Static_assert(CONF_ITEM_LEN + 8 * (4 + CONF_NAME_MAX) +
	    CONF_COMM_EDITS_MAX * 6 + CONF_COMM_EDIT_MAX * 25 + 256 <
	MSG_MAX,
    "the longest statement fits behind others");
_Static_assert(2 * CONF_ITEM_LEN + CONF_PATTERN_MAX + 256 < MSG_MAX,
    "members of a set fit behind others");

static struct listener *
listener_find(struct bgpd *b, enum listener_kind kind,
    const struct conf_endpoint *bound)
{
	struct listener *l;

	TAILQ_FOREACH(l, &b->listeners, entry)
		if (l->kind == kind && conf_endpoint_equal(&l->bound, bound))
			return l;
	return NULL;
}

/* A copy of the descriptor for a child that does not hold it yet. */
static int
listener_fd_for(struct child *c, enum listener_kind kind,
    const struct conf_endpoint *e)
{
	struct listener *l;
	int fd;

	if (c->proc != (kind == LISTENER_BGP ? PROC_SESSIOND : PROC_APID))
		return -1;
	l = listener_find(c->bgpd, kind, e);
	if (l == NULL || (c->synced && !l->fresh))
		return -1;
	fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
	if (fd == -1)
		log_warn("descriptor for %s", proc_name(c->proc));
	return fd;
}

static uint32_t
items_of(const struct conf *c, enum proc proc, int kind)
{
	switch ((enum conf_item)kind) {
	case CONF_ITEM_GLOBAL:
		return 1;
	case CONF_ITEM_LISTEN:
		return c->n_listen;
	case CONF_ITEM_GRPC_LISTEN:
		return proc == PROC_APID ? c->n_grpc_listen : 0;
	case CONF_ITEM_METRICS_LISTEN:
		return proc == PROC_APID ? c->n_metrics_listen : 0;
	case CONF_ITEM_PEER:
		return c->n_peers;
	case CONF_ITEM_NETWORK:
		return proc == PROC_RDE ? c->n_networks : 0;
	case CONF_ITEM_BMP_SERVER:
		return proc == PROC_RDE ? c->n_bmp_servers : 0;
	case CONF_ITEM_SET:
		return proc == PROC_SESSIOND ? 0 : c->n_sets;
	case CONF_ITEM_POLICY:
		return proc == PROC_SESSIOND ? 0 : c->n_policies;
	case CONF_ITEM_SET_MEMBERS: /* go with their set, their policy */
	case CONF_ITEM_STATEMENT:
	case CONF_ITEM__MAX:
		break;
	}
	return 0;
}

/* Where an object of this name stands in what the child runs; NULL: it runs
 * nothing, or we cannot tell. */
static const struct conf *
held_by(const struct child *c)
{
	const struct conf *running = c->bgpd->running;

	return c->synced && c->conf != running ? running : NULL;
}

static bool
holds_set(const struct child *c, const struct conf_set *set)
{
	const struct conf *held = held_by(c);
	const struct conf_set *old = NULL;

	if (held != NULL)
		old = conf_set_find(held, (enum conf_set_kind)set->kind,
		    set->name);
	return old != NULL && old->serial == set->serial;
}

static bool
holds_policy(const struct child *c, const struct conf_policy *p)
{
	const struct conf *held = held_by(c);
	const struct conf_policy *old = NULL;

	if (held != NULL)
		old = conf_policy_find(held, p->name);
	return old != NULL && old->serial == p->serial;
}

/* The head, or some members; true if the set ends here. */
static bool
set_put(struct child *c, struct wr *w, const struct conf_set *set)
{
	const bool reuse = holds_set(c, set);

	if (c->item_part == 0) {
		wr_n8(w, CONF_ITEM_SET);
		msg_conf_set_put(w, set, reuse);
		c->item_part = 1;
		return reuse || set->n == 0;
	}
	wr_n8(w, CONF_ITEM_SET_MEMBERS);
	c->item_part = 1 + msg_conf_members_put(w, set, c->item_part - 1);
	return c->item_part > set->n;
}

static bool
policy_put(struct child *c, struct wr *w, const struct conf_policy *p)
{
	const bool reuse = holds_policy(c, p);

	if (c->item_part == 0) {
		wr_n8(w, CONF_ITEM_POLICY);
		msg_conf_policy_put(w, p, reuse);
		c->item_part = 1;
		return reuse || p->n == 0;
	}
	wr_n8(w, CONF_ITEM_STATEMENT);
	msg_conf_statement_put(w, &p->statements[c->item_part - 1]);
	c->item_part++;
	return c->item_part > p->n;
}

/* One item; true if nothing more of the object is to follow. */
static bool
item_put(struct child *c, struct wr *w)
{
	const struct conf *conf = c->conf;
	const uint32_t i = c->item_index;

	switch ((enum conf_item)c->item_kind) {
	case CONF_ITEM_SET:
		return set_put(c, w, conf->sets[i]);
	case CONF_ITEM_POLICY:
		return policy_put(c, w, conf->policies[i]);
	default:
		break;
	}
	wr_n8(w, (uint8_t)c->item_kind);
	switch ((enum conf_item)c->item_kind) {
	case CONF_ITEM_GLOBAL:
		msg_conf_global_put(w, conf);
		break;
	case CONF_ITEM_LISTEN:
		msg_conf_endpoint_put(w, &conf->listen[i]);
		break;
	case CONF_ITEM_GRPC_LISTEN:
		msg_conf_endpoint_put(w, &conf->grpc_listen[i]);
		break;
	case CONF_ITEM_METRICS_LISTEN:
		msg_conf_endpoint_put(w, &conf->metrics_listen[i]);
		break;
	case CONF_ITEM_PEER:
		msg_conf_peer_put(w, &conf->peers[i]);
		break;
	case CONF_ITEM_NETWORK:
		msg_conf_network_put(w, &conf->networks[i]);
		break;
	case CONF_ITEM_BMP_SERVER:
		msg_conf_bmp_server_put(w, &conf->bmp_servers[i]);
		break;
	default:
		break;
	}
	return true;
}

static int
item_fd(struct child *c, int kind, uint32_t i)
{
	if (kind == CONF_ITEM_LISTEN)
		return listener_fd_for(c, LISTENER_BGP, &c->conf->listen[i]);
	if (kind == CONF_ITEM_GRPC_LISTEN)
		return listener_fd_for(c, LISTENER_API,
		    &c->conf->grpc_listen[i]);
	if (kind == CONF_ITEM_METRICS_LISTEN)
		return listener_fd_for(c, LISTENER_METRICS,
		    &c->conf->metrics_listen[i]);
	return -1;
}

/* One message: a listener, or as many others of a kind as go well together. */
static void
items_send(struct child *c)
{
	const bool alone = c->item_kind == CONF_ITEM_LISTEN ||
	    c->item_kind == CONF_ITEM_GRPC_LISTEN ||
	    c->item_kind == CONF_ITEM_METRICS_LISTEN;
	const uint32_t n = items_of(c->conf, c->proc, c->item_kind);
	struct iovec iov;
	struct wr w;
	int fd = item_fd(c, c->item_kind, c->item_index);

	wr_init_grow(&w, MSG_MAX);
	do {
		if (item_put(c, &w)) {
			c->item_index++;
			c->item_part = 0;
		}
	} while (!alone && c->item_index < n && wr_len(&w) < CONF_ITEM_LEN);
	if (!wr_ok(&w))
		fatalx("%s: items of kind %d are too long", __func__,
		    c->item_kind);
	iov.iov_base = w.base;
	iov.iov_len = wr_len(&w);
	chan_send(c->chan, MSG_CONF_ITEM, c->conf->generation, 0, &iov, 1, fd);
	wr_free(&w);
}

void
transfer_continue(struct child *c)
{
	while (child_running(c) && c->sync == SYNC_SENDING &&
	    !chan_congested(c->chan)) {
		if (c->item_kind == CONF_ITEM__MAX) {
			c->sync = SYNC_VOTING;
			chan_send_buf(c->chan, MSG_CONF_END,
			    c->conf->generation, 0, NULL, 0);
		} else if (c->item_index >=
		    items_of(c->conf, c->proc, c->item_kind)) {
			c->item_kind++;
			c->item_index = 0;
			c->item_part = 0;
		} else {
			items_send(c);
		}
	}
}

void
transfer_start(struct child *c, const struct conf *conf)
{
	c->conf = conf;
	c->sync = SYNC_SENDING;
	c->item_kind = CONF_ITEM_GLOBAL;
	c->item_index = 0;
	c->item_part = 0;
	chan_send_buf(c->chan, MSG_CONF_BEGIN, conf->generation, 0, NULL, 0);
	transfer_continue(c);
}

void
transfer_commit(struct child *c)
{
	c->sync = SYNC_COMMITTED;
	c->synced = true;
	chan_send_buf(c->chan, MSG_CONF_COMMIT, c->conf->generation, 0, NULL,
	    0);
}
