/* SPDX-License-Identifier: ISC */
/*
 * A configuration on its way to one child, item by item as the channel takes
 * it, so that a large one does not pile up in memory.  A listener's
 * descriptor rides along for a child that does not hold it yet.
 */
#include "bgpd/bgpd.h"

#include <fcntl.h>

#include "common/log.h"

/* Items are gathered up to this length, and the last may go beyond it. */
#define ITEMS_LEN 32768u
_Static_assert(ITEMS_LEN + 2 * CONF_POLICIES_MAX * (2 + CONF_NAME_MAX) + 256 <
	MSG_MAX,
    "the longest peer fits behind others");

static struct listener *
listener_find(struct bgpd *b, bool grpc, const struct conf_endpoint *bound)
{
	struct listener *l;

	TAILQ_FOREACH(l, &b->listeners, entry)
		if (l->grpc == grpc && conf_endpoint_equal(&l->bound, bound))
			return l;
	return NULL;
}

/* A copy of the descriptor for a child that does not hold it yet. */
static int
listener_fd_for(struct child *c, bool grpc, const struct conf_endpoint *e)
{
	struct listener *l;
	int fd;

	if (c->proc != (grpc ? PROC_APID : PROC_SESSIOND))
		return -1;
	l = listener_find(c->bgpd, grpc, e);
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
	case CONF_ITEM_PEER:
		return c->n_peers;
	case CONF_ITEM_NETWORK:
		return proc == PROC_RDE ? c->n_networks : 0;
	case CONF_ITEM_BMP_SERVER:
		return proc == PROC_RDE ? c->n_bmp_servers : 0;
	case CONF_ITEM_SET:
	case CONF_ITEM_SET_MEMBERS:
	case CONF_ITEM_POLICY:
	case CONF_ITEM_STATEMENT:
	case CONF_ITEM__MAX:
		break;
	}
	return 0;
}

static void
item_put(struct wr *w, const struct conf *c, int kind, uint32_t i)
{
	wr_n8(w, (uint8_t)kind);
	switch ((enum conf_item)kind) {
	case CONF_ITEM_GLOBAL:
		msg_conf_global_put(w, c);
		break;
	case CONF_ITEM_LISTEN:
		msg_conf_endpoint_put(w, &c->listen[i]);
		break;
	case CONF_ITEM_GRPC_LISTEN:
		msg_conf_endpoint_put(w, &c->grpc_listen[i]);
		break;
	case CONF_ITEM_PEER:
		msg_conf_peer_put(w, &c->peers[i]);
		break;
	case CONF_ITEM_NETWORK:
		msg_conf_network_put(w, &c->networks[i]);
		break;
	case CONF_ITEM_BMP_SERVER:
		msg_conf_bmp_server_put(w, &c->bmp_servers[i]);
		break;
	case CONF_ITEM_SET:
	case CONF_ITEM_SET_MEMBERS:
	case CONF_ITEM_POLICY:
	case CONF_ITEM_STATEMENT:
	case CONF_ITEM__MAX:
		break;
	}
}

static int
item_fd(struct child *c, int kind, uint32_t i)
{
	if (kind == CONF_ITEM_LISTEN)
		return listener_fd_for(c, false, &c->conf->listen[i]);
	if (kind == CONF_ITEM_GRPC_LISTEN)
		return listener_fd_for(c, true, &c->conf->grpc_listen[i]);
	return -1;
}

/* One message: a listener, or as many others of a kind as go well together. */
static void
items_send(struct child *c)
{
	const bool alone = c->item_kind == CONF_ITEM_LISTEN ||
	    c->item_kind == CONF_ITEM_GRPC_LISTEN;
	const uint32_t n = items_of(c->conf, c->proc, c->item_kind);
	struct iovec iov;
	struct wr w;
	int fd = item_fd(c, c->item_kind, c->item_index);

	wr_init_grow(&w, MSG_MAX);
	do
		item_put(&w, c->conf, c->item_kind, c->item_index++);
	while (!alone && c->item_index < n && wr_len(&w) < ITEMS_LEN);
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
