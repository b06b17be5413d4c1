/* SPDX-License-Identifier: ISC */
/*
 * Cross-field rules: what is given twice, what names something that is not
 * there.  Everything is sorted first, so that long lists cost n log n.
 */
#include "bgpd/conf_check.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"

/* --- peers */

static int
peer_order(const void *a, const void *b, void *arg)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct conf *c = arg;
	int cmp = addr_cmp(&c->peers[x].addr, &c->peers[y].addr);

	return cmp != 0 ? cmp : x < y ? -1 : 1;
}

static void
peers_check(struct schema *s)
{
	struct conf *c = s->conf;
	struct conf_peer *sorted;
	struct place first = { 0, 0 }, at;
	uint32_t *order, i;
	char text[ADDR_STRLEN];

	if (c->n_peers == 0)
		return;
	order = xcalloc(c->n_peers, sizeof(*order));
	for (i = 0; i < c->n_peers; i++)
		order[i] = i;
	qsort_r(order, c->n_peers, sizeof(*order), peer_order, c);
	/* The capacity that conf_peer_add() expects: a power of two. */
	for (i = 1; i < c->n_peers; i *= 2)
		;
	sorted = xcalloc(i, sizeof(*sorted));
	for (i = 0; i < c->n_peers; i++) {
		sorted[i] = c->peers[order[i]];
		at = s->peer_at[order[i]];
		if (i > 0 && addr_equal(&sorted[i].addr, &sorted[i - 1].addr))
			diag_error(s->diags, at.line, at.column,
			    "address: peer %s is already given in line %u",
			    addr_str(&sorted[i].addr, text), first.line);
		else
			first = at;
	}
	free(c->peers);
	c->peers = sorted;
	free(order);
}

/* --- networks */

static int
network_order(const void *a, const void *b, void *arg)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct conf *c = arg;
	int cmp = nlri_cmp(&c->networks[x].nlri, &c->networks[y].nlri);

	return cmp != 0 ? cmp : x < y ? -1 : 1;
}

static void
networks_check(struct schema *s)
{
	struct conf *c = s->conf;
	struct place at;
	uint32_t *order, i;
	char text[NLRI_STRLEN];

	if (c->n_networks == 0)
		return;
	order = xcalloc(c->n_networks, sizeof(*order));
	for (i = 0; i < c->n_networks; i++)
		order[i] = i;
	qsort_r(order, c->n_networks, sizeof(*order), network_order, c);
	for (i = 1; i < c->n_networks; i++) {
		if (nlri_cmp(&c->networks[order[i]].nlri,
			&c->networks[order[i - 1]].nlri) != 0)
			continue;
		at = s->network_at[order[i]];
		diag_error(s->diags, at.line, at.column,
		    "networks: %s is already given in line %u",
		    nlri_str(&c->networks[order[i]].nlri, text),
		    s->network_at[order[i - 1]].line);
	}
	free(order);
}

/* --- addresses to listen on; lists are short */

static void
listen_check(struct schema *s, const char *key,
    const struct conf_endpoint *list, size_t n, const struct place *at)
{
	size_t i, j;

	for (i = 1; i < n; i++) {
		for (j = 0; j < i; j++) {
			/* Port 0 is a new port each time. */
			if ((list[i].path == NULL && list[i].port == 0) ||
			    !conf_endpoint_equal(&list[i], &list[j]))
				continue;
			diag_error(s->diags, at[i].line, at[i].column,
			    "%s: already given in line %u", key, at[j].line);
			break;
		}
	}
}

/* What everybody on the way may read and change. */
static void
api_open_check(struct schema *s)
{
	const struct conf *c = s->conf;
	const struct conf_endpoint *e;
	size_t i;

	for (i = 0; i < c->n_grpc_listen; i++) {
		e = &c->grpc_listen[i];
		if (e->path != NULL || addr_is_loopback(&e->addr) ||
		    (e->access != NULL && e->access->certificate.path != NULL))
			continue;
		diag_warn(s->diags, s->grpc_listen_at[i].line,
		    s->grpc_listen_at[i].column,
		    e->access != NULL && e->access->tokens.path != NULL ?
			"grpc_listen_addr: tokens cross the network in plain "
			"text (no tls)" :
			"grpc_listen_addr: the API is open to the network in "
			"plain text (no tls)");
	}
}

static void
bmp_servers_check(struct schema *s)
{
	const struct conf *c = s->conf;
	size_t i, j;

	for (i = 1; i < c->n_bmp_servers; i++) {
		for (j = 0; j < i; j++) {
			if (!addr_equal(&c->bmp_servers[i].addr,
				&c->bmp_servers[j].addr) ||
			    c->bmp_servers[i].port != c->bmp_servers[j].port)
				continue;
			diag_error(s->diags, s->bmp_server_at[i].line,
			    s->bmp_server_at[i].column,
			    "bmp_servers: the same server is already given "
			    "in line %u",
			    s->bmp_server_at[j].line);
			break;
		}
	}
}

/* --- names */

static int
name_key_cmp(const struct conf_name *a, const struct conf_name *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int
name_order(const void *a, const void *b)
{
	const struct conf_name *x = a, *y = b;
	int cmp = name_key_cmp(x, y);

	if (cmp != 0)
		return cmp;
	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	return x->at.column < y->at.column ? -1 : 1;
}

static int
name_match(const void *key, const void *element)
{
	return name_key_cmp(key, element);
}

static void
names_check(struct schema *s)
{
	struct conf_name *d = s->defined.list, *u;
	size_t i;

	if (s->defined.n > 0)
		qsort(d, s->defined.n, sizeof(*d), name_order);
	for (i = 1; i < s->defined.n; i++)
		if (name_key_cmp(&d[i - 1], &d[i]) == 0)
			diag_error(s->diags, d[i].at.line, d[i].at.column,
			    "name: %s \"%.60s\" is already defined in line "
			    "%u",
			    name_kind_text(d[i].kind), d[i].name,
			    d[i - 1].at.line);
	for (i = 0; i < s->used.n; i++) {
		u = &s->used.list[i];
		if (s->defined.n > 0 &&
		    bsearch(u, d, s->defined.n, sizeof(*d), name_match) != NULL)
			continue;
		diag_error(s->diags, u->at.line, u->at.column,
		    "%s \"%.60s\" is not defined", name_kind_text(u->kind),
		    u->name);
	}
}

void
conf_check(struct schema *s)
{
	const struct conf *c = s->conf;

	peers_check(s);
	networks_check(s);
	if (s->listen_at != NULL)
		listen_check(s, "listen_addr", c->listen, c->n_listen,
		    s->listen_at);
	if (s->grpc_listen_at != NULL)
		listen_check(s, "grpc_listen_addr", c->grpc_listen,
		    c->n_grpc_listen, s->grpc_listen_at);
	if (s->grpc_listen_at != NULL)
		api_open_check(s);
	if (s->metrics_listen_at != NULL)
		listen_check(s, "metrics_listen_addr", c->metrics_listen,
		    c->n_metrics_listen, s->metrics_listen_at);
	bmp_servers_check(s);
	names_check(s);
}

struct conf *
conf_parse(const char *text, size_t len, struct diags *d,
    struct place fixed_at[CONF_FIXED__MAX])
{
	struct schema s;
	struct conf *c = NULL;
	struct node *root;

	root = conf_yaml_parse(text, len, d);
	if (d->errors != 0) {
		node_free(root);
		return NULL;
	}
	schema_init(&s, d);
	schema_read(&s, root);
	conf_check(&s);
	if (d->errors == 0) {
		c = s.conf;
		s.conf = NULL;
	}
	if (fixed_at != NULL)
		memcpy(fixed_at, s.fixed_at, sizeof(s.fixed_at));
	schema_fini(&s);
	node_free(root);
	diags_sort(d);
	return c;
}
