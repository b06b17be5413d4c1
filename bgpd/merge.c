/* SPDX-License-Identifier: ISC */
/*
 * What a change makes of the configuration: edits through the API, and the
 * file read anew beside the objects of the API.  Pure: these make models and
 * findings, reload.c carries them out.
 */
#include "bgpd/bgpd.h"

#include <string.h>

/* What the file's schema bounds must hold for the API too. */
static bool
is_within_bounds(const struct conf_peer *p)
{
	uint16_t i;

	if (p->n_import > CONF_POLICIES_MAX || p->n_export > CONF_POLICIES_MAX)
		return false;
	for (i = 0; i < p->n_import; i++)
		if (strlen(p->import_policies[i]) > CONF_NAME_MAX)
			return false;
	for (i = 0; i < p->n_export; i++)
		if (strlen(p->export_policies[i]) > CONF_NAME_MAX)
			return false;
	return true;
}

static int
bmp_remove(struct conf *next, struct conf *removed,
    const struct conf_bmp_server *b, struct err *e)
{
	const struct conf_bmp_server *old;
	char text[ENDPOINT_STRLEN];

	old = conf_bmp_server_find(next, &b->addr, b->port);
	if (old == NULL)
		return err_set(e, ERR_NOT_FOUND, "BMP server %s not found",
		    endpoint_str(&b->addr, b->port, text));
	if (old->origin == CONF_FROM_FILE &&
	    conf_bmp_server_find(removed, &b->addr, b->port) == NULL)
		conf_bmp_server_append(removed, old);
	conf_bmp_server_remove(next, &b->addr, b->port);
	return 0;
}

/* The same server with the same settings again is no error, and changes
 * nothing but that one which is away is tried at once. */
static int
bmp_add(struct conf *next, const char *file_name,
    const struct conf_bmp_server *b, struct err *e)
{
	const struct conf_bmp_server *old;
	struct conf_bmp_server server = *b;
	char text[ENDPOINT_STRLEN];

	endpoint_str(&b->addr, b->port, text);
	old = conf_bmp_server_find(next, &b->addr, b->port);
	if (old != NULL && conf_bmp_server_equal(old, b)) {
		next->bmp_servers[old - next->bmp_servers].again++;
		return 0;
	}
	if (old != NULL && old->origin == CONF_FROM_FILE)
		return err_set(e, ERR_EXISTS,
		    "BMP server %s already exists with other settings (from "
		    "%s line %u)",
		    text, file_name, old->line);
	if (old != NULL)
		return err_set(e, ERR_EXISTS,
		    "BMP server %s already exists with other settings", text);
	if (addr_is_unspecified(&b->addr) || addr_is_multicast(&b->addr) ||
	    b->port == 0)
		return err_set(e, ERR_INVALID, "%s cannot be a BMP server",
		    text);
	if (b->buffer_bytes < CONF_BMP_BUFFER_MIN ||
	    b->buffer_bytes > CONF_BMP_BUFFER_MAX)
		return err_set(e, ERR_INVALID,
		    "BMP server %s: buffer_bytes must be between %u and %u",
		    text, CONF_BMP_BUFFER_MIN, CONF_BMP_BUFFER_MAX);
	if (next->n_bmp_servers >= CONF_BMP_SERVERS_MAX)
		return err_set(e, ERR_EXHAUSTED, "too many BMP servers");
	server.origin = CONF_FROM_API;
	server.line = 0;
	conf_bmp_server_append(next, &server);
	return 0;
}

int
edit_apply(struct conf *next, struct conf *removed, const char *file_name,
    const struct conf_edit *change, struct err *e)
{
	const struct conf_peer *old;
	struct conf_peer peer;
	char text[ADDR_STRLEN];

	if (change->op == CONF_EDIT_BMP_ADD)
		return bmp_add(next, file_name, &change->bmp, e);
	if (change->op == CONF_EDIT_BMP_REMOVE)
		return bmp_remove(next, removed, &change->bmp, e);
	addr_str(&change->peer.addr, text);
	old = conf_peer_find(next, &change->peer.addr);
	if (change->op == CONF_EDIT_PEER_REMOVE) {
		if (old == NULL)
			return err_set(e, ERR_NOT_FOUND, "peer %s not found",
			    text);
		if (old->origin == CONF_FROM_FILE &&
		    conf_peer_find(removed, &old->addr) == NULL)
			conf_peer_add(removed, old);
		conf_peer_remove(next, &change->peer.addr);
		return 0;
	}
	if (old != NULL && old->origin == CONF_FROM_FILE)
		return err_set(e, ERR_EXISTS,
		    "peer %s already exists (from %s line %u)", text, file_name,
		    old->line);
	if (old != NULL)
		return err_set(e, ERR_EXISTS, "peer %s already exists", text);
	if (addr_is_unspecified(&change->peer.addr) ||
	    addr_is_multicast(&change->peer.addr) || change->peer.port == 0)
		return err_set(e, ERR_INVALID, "%s cannot be a peer", text);
	if (!is_within_bounds(&change->peer))
		return err_set(e, ERR_INVALID, "peer %s: too many policies",
		    text);
	conf_peer_copy(&peer, &change->peer);
	peer.origin = CONF_FROM_API;
	peer.line = 0;
	conf_peer_add(next, &peer);
	conf_peer_fini(&peer);
	return 0;
}

/* Errors about keys that only a restart can change. */
static void
merge_fixed(struct loaded *l, const struct conf *running)
{
	const struct conf *c = l->conf;
	const struct {
		const char *key;
		bool changed;
	} fixed[CONF_FIXED__MAX] = {
		[CONF_FIXED_ASN] = { "asn", c->asn != running->asn },
		[CONF_FIXED_ROUTER_ID] = { "router_id",
		    c->router_id != running->router_id },
		[CONF_FIXED_USER] = { "user",
		    strcmp(c->user, running->user) != 0 },
	};
	uint32_t line;
	size_t i;

	for (i = 0; i < nitems(fixed); i++) {
		line = l->fixed_at[i].line;
		if (fixed[i].changed)
			diag_error(&l->diags, line == 0 ? 1 : line,
			    line == 0 ? 1 : l->fixed_at[i].column,
			    "%s: cannot change while bgpd runs, restart it",
			    fixed[i].key);
	}
}

/* BMP servers: as for peers, but what is the same in both is the file's. */
static void
merge_bmp(struct loaded *l, const struct conf *running,
    const struct conf *removed, struct conf *next, struct conf *still)
{
	const struct conf_bmp_server *b, *in_file;
	char text[ENDPOINT_STRLEN];
	uint16_t i;

	for (i = 0; i < removed->n_bmp_servers; i++) {
		b = &removed->bmp_servers[i];
		in_file = conf_bmp_server_find(next, &b->addr, b->port);
		if (in_file == NULL || !conf_bmp_server_equal(in_file, b))
			continue;
		conf_bmp_server_append(still, b);
		conf_bmp_server_remove(next, &b->addr, b->port);
	}
	for (i = 0; i < running->n_bmp_servers; i++) {
		b = &running->bmp_servers[i];
		if (b->origin != CONF_FROM_API)
			continue;
		in_file = conf_bmp_server_find(next, &b->addr, b->port);
		if (in_file == NULL)
			conf_bmp_server_append(next, b);
		else if (!conf_bmp_server_equal(in_file, b))
			diag_error(&l->diags, in_file->line, 1,
			    "bmp_servers: server %s is there through the API "
			    "already; remove it there or here",
			    endpoint_str(&b->addr, b->port, text));
	}
}

struct conf *
reload_merge(struct loaded *l, const struct conf *running,
    const struct conf *removed, struct conf **still_removed)
{
	const struct conf_peer *p, *in_file;
	struct conf *next = conf_copy(l->conf), *still = conf_new();
	char text[ADDR_STRLEN];
	uint32_t i;

	merge_fixed(l, running);
	for (i = 0; i < removed->n_peers; i++) {
		p = &removed->peers[i];
		in_file = conf_peer_find(next, &p->addr);
		if (in_file == NULL || !conf_peer_equal(in_file, p))
			continue;
		conf_peer_add(still, p);
		conf_peer_remove(next, &p->addr);
	}
	for (i = 0; i < running->n_peers; i++) {
		p = &running->peers[i];
		if (p->origin != CONF_FROM_API)
			continue;
		in_file = conf_peer_find(next, &p->addr);
		if (in_file == NULL)
			conf_peer_add(next, p);
		else
			diag_error(&l->diags, in_file->line, 1,
			    "address: peer %s is there through the API "
			    "already; remove it there or here",
			    addr_str(&p->addr, text));
	}
	merge_bmp(l, running, removed, next, still);
	if (l->diags.errors == 0) {
		*still_removed = still;
		return next;
	}
	conf_free(next);
	conf_free(still);
	*still_removed = NULL;
	return NULL;
}
