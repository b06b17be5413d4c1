/* SPDX-License-Identifier: ISC */
/*
 * Codecs of the CONF payloads, each put beside its get.
 *
 * Getters zero what they fill and mark the reader bad on anything that a
 * correct sender cannot have written: numbers outside their enumeration,
 * trailing or missing bytes, counts beyond what the payload can hold.  What
 * they allocated before the fault is released, so a caller frees only what a
 * good reader gave him.
 */
#include "common/msg_conf.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"

static void
put_bool(struct wr *w, bool b)
{
	wr_n8(w, b ? 1 : 0);
}

static bool
get_bool(struct rd *r)
{
	uint8_t v = rd_n8(r);

	if (v > 1)
		rd_fail(r);
	return v == 1;
}

static uint8_t
get_enum(struct rd *r, uint8_t max)
{
	uint8_t v = rd_n8(r);

	if (v > max) {
		rd_fail(r);
		return 0;
	}
	return v;
}

static void
put_optional(struct wr *w, const char *s)
{
	put_bool(w, s != NULL);
	if (s != NULL)
		wr_str(w, s);
}

static char *
get_optional(struct rd *r)
{
	return get_bool(r) ? rd_str(r) : NULL;
}

void
msg_conf_global_put(struct wr *w, const struct conf *c)
{
	wr_n32(w, c->asn);
	wr_n32(w, c->router_id);
	wr_n32(w, c->cluster_id);
	wr_n16(w, c->hold_time);
	wr_n32(w, c->connect_retry_secs);
	put_bool(w, c->accept_unconfigured_peers);
	put_bool(w, c->ebgp_requires_policy);
	wr_n8(w, (uint8_t)c->log_level);
	wr_n8(w, (uint8_t)c->log_format);
	wr_n32(w, c->grpc_max_reply_bytes);
	put_bool(w, c->grpc_reflection);
	wr_str(w, c->user);
	wr_str(w, c->sys_name);
	wr_str(w, c->sys_descr);
	put_optional(w, c->pid_file);
	put_optional(w, c->state_dir);
}

static void
global_strings_free(struct conf *c)
{
	free(c->user);
	free(c->sys_name);
	free(c->sys_descr);
	free(c->pid_file);
	free(c->state_dir);
	c->user = c->sys_name = c->sys_descr = NULL;
	c->pid_file = c->state_dir = NULL;
}

/* Fills the scalars and strings only; strings held before are released. */
void
msg_conf_global_get(struct rd *r, struct conf *c)
{
	global_strings_free(c);
	c->asn = rd_n32(r);
	c->router_id = rd_n32(r);
	c->cluster_id = rd_n32(r);
	c->hold_time = rd_n16(r);
	c->connect_retry_secs = rd_n32(r);
	c->accept_unconfigured_peers = get_bool(r);
	c->ebgp_requires_policy = get_bool(r);
	c->log_level = (enum log_level)get_enum(r, LOG_LEVEL_DEBUG);
	c->log_format = (enum log_format)get_enum(r, LOG_FORMAT_JSON);
	c->grpc_max_reply_bytes = rd_n32(r);
	c->grpc_reflection = get_bool(r);
	c->user = rd_str(r);
	c->sys_name = rd_str(r);
	c->sys_descr = rd_str(r);
	c->pid_file = get_optional(r);
	c->state_dir = get_optional(r);
	if (!rd_ok(r))
		global_strings_free(c);
}

static void
file_put(struct wr *w, const struct conf_file *f)
{
	put_optional(w, f->path);
	if (f->path == NULL)
		return;
	wr_n32(w, f->line);
	wr_n32(w, f->column);
	put_bool(w, f->text != NULL);
	if (f->text == NULL)
		return;
	wr_n32(w, (uint32_t)f->len);
	wr_copy(w, f->text, f->len);
}

static void
file_get(struct rd *r, struct conf_file *f)
{
	f->path = get_optional(r);
	if (f->path == NULL)
		return;
	f->line = rd_n32(r);
	f->column = rd_n32(r);
	if (!get_bool(r))
		return;
	f->len = rd_n32(r);
	if (!rd_ok(r) || f->len > CONF_FILE_MAX || f->len > rd_left(r)) {
		rd_fail(r);
		return;
	}
	f->text = xmalloc(f->len + 1);
	rd_copy(r, f->text, f->len);
	f->text[f->len] = '\0';
}

static void
access_put(struct wr *w, const struct conf_access *a)
{
	put_bool(w, a->read_only);
	file_put(w, &a->certificate);
	file_put(w, &a->key);
	file_put(w, &a->client_ca);
	file_put(w, &a->tokens);
}

static struct conf_access *
access_get(struct rd *r)
{
	struct conf_access *a = xcalloc(1, sizeof(*a));

	a->read_only = get_bool(r);
	file_get(r, &a->certificate);
	file_get(r, &a->key);
	file_get(r, &a->client_ca);
	file_get(r, &a->tokens);
	return a;
}

void
msg_conf_endpoint_put(struct wr *w, const struct conf_endpoint *e)
{
	addr_put(w, &e->addr);
	wr_n16(w, e->port);
	put_optional(w, e->path);
	put_bool(w, e->access != NULL);
	if (e->access != NULL)
		access_put(w, e->access);
}

void
msg_conf_endpoint_get(struct rd *r, struct conf_endpoint *e)
{
	memset(e, 0, sizeof(*e));
	addr_get(r, &e->addr);
	e->port = rd_n16(r);
	e->path = get_optional(r);
	if (get_bool(r))
		e->access = access_get(r);
	/* Either an address or a path. */
	if ((e->addr.family == ADDR_NONE) != (e->path != NULL))
		rd_fail(r);
	if (!rd_ok(r)) {
		conf_endpoint_fini(e);
		memset(e, 0, sizeof(*e));
	}
}

static void
put_names(struct wr *w, char *const *names, uint16_t n)
{
	uint16_t i;

	wr_n16(w, n);
	for (i = 0; i < n; i++)
		wr_str(w, names[i]);
}

static char **
get_names(struct rd *r, uint16_t *n)
{
	uint16_t count = rd_n16(r), i;
	char **names, *name;

	*n = 0;
	/* A string takes at least its length field. */
	if (count > rd_left(r) / 2)
		rd_fail(r);
	if (count == 0 || !rd_ok(r))
		return NULL;
	names = xcalloc(count, sizeof(*names));
	for (i = 0; i < count; i++) {
		name = rd_str(r);
		if (name == NULL)
			break;
		names[(*n)++] = name;
	}
	return names;
}

void
msg_conf_peer_put(struct wr *w, const struct conf_peer *p)
{
	addr_put(w, &p->addr);
	wr_n16(w, p->port);
	wr_n8(w, p->origin);
	wr_n32(w, p->line);
	wr_n32(w, p->remote_as);
	wr_n16(w, p->hold_time);
	addr_put(w, &p->local_addr);
	wr_n32(w, p->idle_hold_secs);
	put_bool(w, p->damp_oscillations);
	put_bool(w, p->allow_automatic_stop);
	put_bool(w, p->passive);
	wr_n32(w, p->delay_open_secs);
	put_bool(w, p->has_max_prefix);
	wr_n32(w, p->max_prefix);
	wr_n8(w, p->max_prefix_action);
	put_bool(w, p->notification_without_open);
	put_bool(w, p->collision_established);
	put_bool(w, p->enforce_first_as);
	wr_n32(w, p->mrai_secs);
	put_bool(w, p->gr_enabled);
	wr_n16(w, p->gr_time);
	wr_n32(w, p->families);
	put_names(w, p->import_policies, p->n_import);
	put_names(w, p->export_policies, p->n_export);
}

void
msg_conf_peer_get(struct rd *r, struct conf_peer *p)
{
	memset(p, 0, sizeof(*p));
	addr_get(r, &p->addr);
	p->port = rd_n16(r);
	p->origin = get_enum(r, CONF_FROM_API);
	p->line = rd_n32(r);
	p->remote_as = rd_n32(r);
	p->hold_time = rd_n16(r);
	addr_get(r, &p->local_addr);
	p->idle_hold_secs = rd_n32(r);
	p->damp_oscillations = get_bool(r);
	p->allow_automatic_stop = get_bool(r);
	p->passive = get_bool(r);
	p->delay_open_secs = rd_n32(r);
	p->has_max_prefix = get_bool(r);
	p->max_prefix = rd_n32(r);
	p->max_prefix_action = get_enum(r, CONF_MAX_PREFIX_DISCARD);
	p->notification_without_open = get_bool(r);
	p->collision_established = get_bool(r);
	p->enforce_first_as = get_bool(r);
	p->mrai_secs = rd_n32(r);
	p->gr_enabled = get_bool(r);
	p->gr_time = rd_n16(r);
	p->families = rd_n32(r);
	if (p->addr.family == ADDR_NONE ||
	    (p->families & ~(uint32_t)FAMILY_ALL) != 0)
		rd_fail(r);
	p->import_policies = get_names(r, &p->n_import);
	p->export_policies = get_names(r, &p->n_export);
	if (!rd_ok(r))
		conf_peer_fini(p);
}

void
msg_conf_network_put(struct wr *w, const struct conf_network *n)
{
	nlri_put(w, &n->nlri);
	wr_n16(w, n->attrs_len);
	wr_copy(w, n->attrs, n->attrs_len);
}

void
msg_conf_network_get(struct rd *r, struct conf_network *n)
{
	const uint8_t *attrs;

	memset(n, 0, sizeof(*n));
	nlri_get(r, &n->nlri);
	n->attrs_len = rd_n16(r);
	attrs = rd_bytes(r, n->attrs_len);
	if (!rd_ok(r))
		n->attrs_len = 0;
	else if (n->attrs_len != 0)
		n->attrs = xmemdup(attrs, n->attrs_len);
}

void
msg_conf_bmp_server_put(struct wr *w, const struct conf_bmp_server *b)
{
	addr_put(w, &b->addr);
	wr_n16(w, b->port);
	wr_n8(w, b->origin);
	wr_n32(w, b->line);
	wr_n32(w, b->again);
	wr_n64(w, b->statistics_secs);
	wr_n32(w, b->buffer_bytes);
	put_bool(w, b->pre_policy);
	put_bool(w, b->post_policy);
	put_bool(w, b->loc_rib);
	put_bool(w, b->adj_rib_out);
	put_bool(w, b->mirroring);
}

void
msg_conf_bmp_server_get(struct rd *r, struct conf_bmp_server *b)
{
	memset(b, 0, sizeof(*b));
	addr_get(r, &b->addr);
	b->port = rd_n16(r);
	b->origin = get_enum(r, CONF_FROM_API);
	b->line = rd_n32(r);
	b->again = rd_n32(r);
	b->statistics_secs = rd_n64(r);
	b->buffer_bytes = rd_n32(r);
	b->pre_policy = get_bool(r);
	b->post_policy = get_bool(r);
	b->loc_rib = get_bool(r);
	b->adj_rib_out = get_bool(r);
	b->mirroring = get_bool(r);
	if (b->addr.family == ADDR_NONE)
		rd_fail(r);
}

void
conf_rx_begin(struct conf_rx *rx, uint32_t generation)
{
	conf_free(rx->next);
	rx->next = conf_new();
	rx->next->generation = generation;
}

static void
rx_endpoint(struct conf *c, struct rd *r, bool grpc)
{
	struct conf_endpoint e;

	msg_conf_endpoint_get(r, &e);
	if ((grpc ? c->n_grpc_listen : c->n_listen) == UINT16_MAX)
		rd_fail(r);
	if (rd_ok(r)) {
		if (grpc)
			conf_grpc_listen_append(c, &e);
		else
			conf_listen_append(c, &e);
	}
	conf_endpoint_fini(&e);
}

static void
rx_peer(struct conf *c, struct rd *r)
{
	struct conf_peer p;

	msg_conf_peer_get(r, &p);
	if (rd_ok(r) && conf_peer_find(c, &p.addr) != NULL)
		rd_fail(r);
	if (rd_ok(r))
		conf_peer_add(c, &p);
	conf_peer_fini(&p);
}

static void
rx_network(struct conf *c, struct rd *r)
{
	struct conf_network n;

	msg_conf_network_get(r, &n);
	if (rd_ok(r))
		conf_network_append(c, &n);
	conf_network_fini(&n);
}

static void
rx_bmp_server(struct conf *c, struct rd *r)
{
	struct conf_bmp_server b;

	msg_conf_bmp_server_get(r, &b);
	if (c->n_bmp_servers == UINT16_MAX)
		rd_fail(r);
	if (rd_ok(r))
		conf_bmp_server_append(c, &b);
	conf_bmp_server_fini(&b);
}

static void
rx_one(struct conf *c, struct rd *r)
{
	switch ((enum conf_item)rd_n8(r)) {
	case CONF_ITEM_GLOBAL:
		msg_conf_global_get(r, c);
		break;
	case CONF_ITEM_LISTEN:
		rx_endpoint(c, r, false);
		break;
	case CONF_ITEM_GRPC_LISTEN:
		rx_endpoint(c, r, true);
		break;
	case CONF_ITEM_PEER:
		rx_peer(c, r);
		break;
	case CONF_ITEM_NETWORK:
		rx_network(c, r);
		break;
	case CONF_ITEM_BMP_SERVER:
		rx_bmp_server(c, r);
		break;
	case CONF_ITEM__MAX:
	default:
		rd_fail(r);
	}
}

int
conf_rx_item(struct conf_rx *rx, const uint8_t *data, size_t len)
{
	struct rd r;

	if (rx->next == NULL)
		return -1;
	rd_init(&r, data, len);
	do
		rx_one(rx->next, &r);
	while (rd_ok(&r) && rd_left(&r) > 0);
	return rd_ok(&r) ? 0 : -1;
}

struct conf *
conf_rx_take(struct conf_rx *rx)
{
	struct conf *c = rx->next;

	rx->next = NULL;
	return c;
}

void
conf_rx_abort(struct conf_rx *rx)
{
	conf_free(rx->next);
	rx->next = NULL;
}

void
msg_conf_edit_put(struct wr *w, const struct conf_edit *e)
{
	wr_n8(w, e->op);
	switch ((enum conf_edit_op)e->op) {
	case CONF_EDIT_PEER_ADD:
		msg_conf_peer_put(w, &e->peer);
		break;
	case CONF_EDIT_PEER_REMOVE:
		addr_put(w, &e->peer.addr);
		break;
	case CONF_EDIT_BMP_ADD:
	case CONF_EDIT_BMP_REMOVE:
		msg_conf_bmp_server_put(w, &e->bmp);
		break;
	}
}

void
msg_conf_edit_get(struct rd *r, struct conf_edit *e)
{
	memset(e, 0, sizeof(*e));
	e->op = get_enum(r, CONF_EDIT_BMP_REMOVE);
	switch ((enum conf_edit_op)e->op) {
	case CONF_EDIT_PEER_ADD:
		msg_conf_peer_get(r, &e->peer);
		break;
	case CONF_EDIT_PEER_REMOVE:
		addr_get(r, &e->peer.addr);
		if (e->peer.addr.family == ADDR_NONE)
			rd_fail(r);
		break;
	case CONF_EDIT_BMP_ADD:
	case CONF_EDIT_BMP_REMOVE:
		msg_conf_bmp_server_get(r, &e->bmp);
		break;
	}
}

void
conf_edit_fini(struct conf_edit *e)
{
	conf_peer_fini(&e->peer);
	conf_bmp_server_fini(&e->bmp);
}

void
msg_sock_req_put(struct wr *w, const struct sock_req *q)
{
	addr_put(w, &q->local);
	addr_put(w, &q->remote);
	wr_n16(w, q->port);
}

void
msg_sock_req_get(struct rd *r, struct sock_req *q)
{
	memset(q, 0, sizeof(*q));
	addr_get(r, &q->local);
	addr_get(r, &q->remote);
	q->port = rd_n16(r);
	if (q->remote.family == ADDR_NONE || q->port == 0)
		rd_fail(r);
}
