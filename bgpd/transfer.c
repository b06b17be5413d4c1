/* SPDX-License-Identifier: ISC */
/*
 * A configuration on its way to one child, item by item as the channel takes
 * it, so that a large one does not pile up in memory.  A listener's
 * descriptor rides along for a child that does not hold it yet.
 */
#include "bgpd/bgpd.h"

#include <fcntl.h>

#include "common/log.h"

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
	case CONF_ITEM__MAX:
		break;
	}
	return 0;
}

static void
item_send(struct child *c, int kind, uint32_t i)
{
	const struct conf *conf = c->conf;
	struct iovec iov;
	struct wr w;
	int fd = -1;

	wr_init_grow(&w, MSG_MAX);
	wr_n8(&w, (uint8_t)kind);
	switch ((enum conf_item)kind) {
	case CONF_ITEM_GLOBAL:
		msg_conf_global_put(&w, conf);
		break;
	case CONF_ITEM_LISTEN:
		msg_conf_endpoint_put(&w, &conf->listen[i]);
		fd = listener_fd_for(c, false, &conf->listen[i]);
		break;
	case CONF_ITEM_GRPC_LISTEN:
		msg_conf_endpoint_put(&w, &conf->grpc_listen[i]);
		fd = listener_fd_for(c, true, &conf->grpc_listen[i]);
		break;
	case CONF_ITEM_PEER:
		msg_conf_peer_put(&w, &conf->peers[i]);
		break;
	case CONF_ITEM_NETWORK:
		msg_conf_network_put(&w, &conf->networks[i]);
		break;
	case CONF_ITEM_BMP_SERVER:
		msg_conf_bmp_server_put(&w, &conf->bmp_servers[i]);
		break;
	case CONF_ITEM__MAX:
		break;
	}
	if (!wr_ok(&w))
		fatalx("%s: an item of kind %d is too long", __func__, kind);
	iov.iov_base = w.base;
	iov.iov_len = wr_len(&w);
	chan_send(c->chan, MSG_CONF_ITEM, conf->generation, 0, &iov, 1, fd);
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
			item_send(c, c->item_kind, c->item_index++);
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
