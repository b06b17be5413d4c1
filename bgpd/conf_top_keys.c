/* SPDX-License-Identifier: ISC */
/*
 * The keys of the top level, and of a BMP server.
 */
#include "bgpd/conf_schema.h"

#include <sys/un.h>

#include <stdlib.h>
#include <string.h>

#include "common/bgp.h"
#include "common/xmalloc.h"

#define LISTEN_MAX 256 /* addresses a key may list */

/* --- setters of the top level */

static void
fixed_set(struct schema *s, enum conf_fixed which, const struct node *n)
{
	s->fixed_at[which].line = n->line;
	s->fixed_at[which].column = n->column;
}

static void
set_asn(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	const struct conf *c = target;

	fixed_set(s, CONF_FIXED_ASN, n);
	if (c->asn == BGP_AS_TRANS)
		schema_error(s, n, k->name,
		    "23456 is reserved (AS_TRANS, RFC 6793)");
}

/* 0.0.0.0 is no identifier, every other number is (RFC 6286). */
static void
set_identifier(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct addr a;
	uint32_t *to = (uint32_t *)(void *)((uint8_t *)target + k->offset);

	if (addr_parse(n->text, &a) == -1 || a.family != ADDR_IPV4)
		schema_error(s, n, k->name, "\"%.*s\" is not an IPv4 address",
		    SHOWN, n->text);
	else if (addr_is_unspecified(&a))
		schema_error(s, n, k->name, "must not be 0.0.0.0");
	else
		*to = addr_to_u32(&a);
}

/* RFC 4271 4.2: zero or at least three seconds */
static void
set_hold_time(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	const struct conf *c = target;

	if (c->hold_time == 1 || c->hold_time == 2)
		schema_error(s, n, k->name, "%u is neither 0 nor at least 3",
		    c->hold_time);
}

static void
set_router_id(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	fixed_set(s, CONF_FIXED_ROUTER_ID, n);
	set_identifier(s, k, n, target);
}

static void
set_user(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf *c = target;

	(void)k;
	fixed_set(s, CONF_FIXED_USER, n);
	free(c->user);
	c->user = xstrdup(n->text);
}

static void
set_log_level(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf *c = target;

	if (log_level_parse(n->text, &c->log_level) == -1)
		schema_error(s, n, k->name,
		    "\"%.*s\" is not a level (error, warn, info, debug)", SHOWN,
		    n->text);
}

static void
set_log_format(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	static const char *const words[] = { "text", "json", NULL };
	const struct conf_key format = { .name = k->name, .words = words };
	uint8_t v = LOG_FORMAT_TEXT;
	struct conf *c = target;

	schema_word(s, &format, n, &v);
	c->log_format = (enum log_format)v;
}

static void
set_path(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	char **to = (char **)(void *)((uint8_t *)target + k->offset);

	if (n->text[0] != '/') {
		schema_error(s, n, k->name, "must begin with a slash");
		return;
	}
	free(*to);
	*to = xstrdup(n->text);
}

static void
listen_one(struct schema *s, const struct conf_key *k, const struct node *n)
{
	struct conf_endpoint e;
	struct conf *c = s->conf;

	memset(&e, 0, sizeof(e));
	if (schema_text(s, n, k->name) == NULL)
		return;
	if (endpoint_parse(n->text, BGP_PORT, true, &e.addr, &e.port) == -1)
		schema_error(s, n, k->name,
		    "\"%.*s\" is not an address (IP:PORT or [IPv6]:PORT)",
		    SHOWN, n->text);
	else if (addr_is_multicast(&e.addr))
		schema_error(s, n, k->name, "%.*s is a multicast address",
		    SHOWN, n->text);
	else if (c->n_listen == LISTEN_MAX)
		schema_error(s, n, k->name, "too many addresses");
	else {
		place_set(&s->listen_at, c->n_listen, n);
		conf_listen_append(c, &e);
	}
}

/* "IP:PORT", "[IPv6]:PORT" or "unix:/PATH"; false after an error. */
static bool
api_address(struct schema *s, const struct conf_key *k, const struct node *n,
    uint16_t port, struct conf_endpoint *e)
{
	if (strncmp(n->text, "unix:", 5) == 0) {
		if (n->text[5] != '/' ||
		    strlen(n->text + 5) >=
			sizeof(((struct sockaddr_un *)0)->sun_path)) {
			schema_error(s, n, k->name,
			    "unix: takes an absolute path of at most %u "
			    "bytes",
			    (unsigned int)sizeof(
				((struct sockaddr_un *)0)->sun_path) -
				1);
			return false;
		}
		e->path = n->text + 5; /* lives as long as the tree */
	} else if (endpoint_parse(n->text, port, true, &e->addr, &e->port) ==
	    -1) {
		schema_error(s, n, k->name,
		    "\"%.*s\" is not an address (IP:PORT, [IPv6]:PORT or "
		    "unix:/PATH)",
		    SHOWN, n->text);
		return false;
	}
	return true;
}

static void
grpc_listener_add(struct schema *s, const char *key, const struct node *n,
    const struct conf_endpoint *e)
{
	struct conf *c = s->conf;

	if (c->n_grpc_listen == LISTEN_MAX) {
		schema_error(s, n, key, "too many addresses");
		return;
	}
	place_set(&s->grpc_listen_at, c->n_grpc_listen, n);
	conf_grpc_listen_append(c, e);
}

/* An address, or a map that also says who may do what there. */
static void
grpc_listen_one(struct schema *s, const struct conf_key *k,
    const struct node *n)
{
	struct conf_endpoint e;

	memset(&e, 0, sizeof(e));
	if (n->kind == NODE_MAP)
		schema_object(s, &table_grpc_listener, n, s->conf);
	else if (schema_text(s, n, k->name) != NULL &&
	    api_address(s, k, n, 50051, &e))
		grpc_listener_add(s, k->name, n, &e);
}

/* One address or a list of them; a map stands for one where `maps`. */
static void
set_endpoints(struct schema *s, const struct conf_key *k, const struct node *n,
    bool maps,
    void (*one)(struct schema *, const struct conf_key *, const struct node *))
{
	size_t i;

	if (n->kind == NODE_SCALAR || (n->kind == NODE_MAP && maps)) {
		one(s, k, n);
		return;
	}
	if (n->kind == NODE_MAP || n->n_child == 0) {
		schema_expected(s, n, k->name,
		    n->kind == NODE_MAP ? "an address or a list of them" :
					  "at least one address");
		return;
	}
	for (i = 0; i < n->n_child; i++)
		one(s, k, n->child[i]);
}

static void
set_listen(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	(void)target;
	set_endpoints(s, k, n, false, listen_one);
}

static void
set_grpc_listen(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	(void)target;
	set_endpoints(s, k, n, true, grpc_listen_one);
}

static void
metrics_listen_one(struct schema *s, const struct conf_key *k,
    const struct node *n)
{
	struct conf_endpoint e;
	struct conf *c = s->conf;

	memset(&e, 0, sizeof(e));
	if (schema_text(s, n, k->name) == NULL ||
	    !api_address(s, k, n, 9179, &e))
		return;
	if (c->n_metrics_listen == LISTEN_MAX) {
		schema_error(s, n, k->name, "too many addresses");
		return;
	}
	place_set(&s->metrics_listen_at, c->n_metrics_listen, n);
	conf_metrics_listen_append(c, &e);
}

static void
set_metrics_listen(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	(void)target;
	if (node_is_null(n) || (n->kind == NODE_LIST && n->n_child == 0))
		return; /* off */
	set_endpoints(s, k, n, false, metrics_listen_one);
}

/* --- a listener of the API as a map */

struct listener_draft {
	struct conf_endpoint endpoint;
	struct conf_access access;
	bool has_address;
	bool has_tls;
};

static void
listener_address(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	struct listener_draft *d = target;

	d->has_address = api_address(s, k, n, 50051, &d->endpoint);
}

/* A name that only the parent will open, later. */
static void
listener_file(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct conf_file *f =
	    (struct conf_file *)(void *)((uint8_t *)target + k->offset);

	if (n->text[0] != '/') {
		schema_error(s, n, k->name, "must begin with a slash");
		return;
	}
	f->path = n->text; /* lives as long as the tree */
	f->line = n->line;
	f->column = n->column;
}

static void
listener_tls(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	struct listener_draft *d = target;

	if (node_is_null(n))
		return;
	d->has_tls = true;
	if (n->kind == NODE_MAP)
		schema_map(s, k->table, n, target);
	else
		schema_expected(s, n, k->name, "a map");
}

static void
listener_end(struct schema *s, const struct node *n, void *target, void *outer)
{
	struct listener_draft *d = target;

	(void)outer;
	if (!d->has_address)
		return; /* reported */
	if (d->has_tls && d->endpoint.path != NULL) {
		schema_error(s, n, "tls", "a unix socket has no TLS");
		return;
	}
	d->endpoint.access = &d->access;
	grpc_listener_add(s, "grpc_listen_addr", n, &d->endpoint);
}

#define AT(member) offsetof(struct listener_draft, access.member)
static const struct conf_key listener_tls_keys[] = {
	{ .name = "certificate_file",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .offset = AT(certificate),
	    .set = listener_file },
	{ .name = "key_file",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .offset = AT(key),
	    .set = listener_file },
	{ .name = "client_ca_file",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .offset = AT(client_ca),
	    .set = listener_file },
};
const struct conf_table table_grpc_tls = {
	.what = "tls",
	.keys = listener_tls_keys,
	.n = nitems(listener_tls_keys),
};

static const struct conf_key grpc_listener_keys[] = {
	{ .name = "address",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .set = listener_address },
	{ .name = "tls",
	    .type = KEY_NODE,
	    .flags = KEY_NULL,
	    .set = listener_tls,
	    .table = &table_grpc_tls },
	{ .name = "token_file",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .offset = AT(tokens),
	    .set = listener_file },
	{ .name = "read_only",
	    .type = KEY_BOOL,
	    .dflt = "false",
	    .offset = AT(read_only) },
};
#undef AT
const struct conf_table table_grpc_listener = {
	.what = "grpc_listen_addr",
	.keys = grpc_listener_keys,
	.n = nitems(grpc_listener_keys),
	.target_size = sizeof(struct listener_draft),
	.end = listener_end,
};

static void
set_network(struct schema *s, const struct conf_key *k, const struct node *n,
    void *target)
{
	static const char prefix[] = "prefix";
	struct node key, map, *child[2];

	(void)k;
	if (n->kind != NODE_SCALAR) {
		schema_object(s, &table_network, n, target);
		return;
	}
	/* "PREFIX" is short for {prefix: PREFIX}. */
	memset(&key, 0, sizeof(key));
	memset(&map, 0, sizeof(map));
	key.line = map.line = n->line;
	key.column = map.column = n->column;
	key.text = xstrdup(prefix);
	map.kind = NODE_MAP;
	child[0] = &key;
	memcpy(&child[1], &n, sizeof(n));
	map.child = child;
	map.n_child = 2;
	schema_object(s, &table_network, &map, target);
	free(key.text);
}

/* --- bmp_servers */

static void
bmp_server_address(struct schema *s, const struct conf_key *k,
    const struct node *n, void *target)
{
	struct conf_bmp_server *b = target;

	b->line = n->line;
	if (endpoint_parse(n->text, -1, false, &b->addr, &b->port) == -1)
		schema_error(s, n, k->name,
		    "\"%.*s\" is not an address (IP:PORT or [IPv6]:PORT)",
		    SHOWN, n->text);
}

static void
bmp_server_begin(struct schema *s, void *target, void *outer)
{
	(void)s;
	(void)outer;
	conf_bmp_server_init(target);
}

static void
bmp_server_end(struct schema *s, const struct node *n, void *target,
    void *outer)
{
	struct conf_bmp_server *b = target;

	(void)outer;
	if (b->addr.family == ADDR_NONE)
		return; /* reported */
	if (s->conf->n_bmp_servers == CONF_BMP_SERVERS_MAX) {
		schema_error(s, n, "bmp_servers", "too many servers");
		return;
	}
	place_set(&s->bmp_server_at, s->conf->n_bmp_servers, n);
	conf_bmp_server_append(s->conf, b);
}

#define AT(member) offsetof(struct conf_bmp_server, member)
static const struct conf_key bmp_server_keys[] = {
	{ .name = "address",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .set = bmp_server_address },
	{ .name = "statistics_timeout",
	    .type = KEY_U64,
	    .flags = KEY_NULL,
	    .max = UINT32_MAX,
	    .offset = AT(statistics_secs) },
	{ .name = "adj_rib_in_pre_policy",
	    .type = KEY_BOOL,
	    .dflt = "true",
	    .offset = AT(pre_policy) },
	{ .name = "adj_rib_in_post_policy",
	    .type = KEY_BOOL,
	    .dflt = "false",
	    .offset = AT(post_policy) },
	{ .name = "loc_rib",
	    .type = KEY_BOOL,
	    .dflt = "false",
	    .offset = AT(loc_rib) },
	{ .name = "adj_rib_out",
	    .type = KEY_BOOL,
	    .dflt = "false",
	    .offset = AT(adj_rib_out) },
	{ .name = "adj_rib_out_pre_policy",
	    .type = KEY_BOOL,
	    .dflt = "false",
	    .offset = AT(adj_rib_out_pre) },
	{ .name = "route_mirroring",
	    .type = KEY_BOOL,
	    .dflt = "false",
	    .offset = AT(mirroring) },
	{ .name = "buffer_bytes",
	    .type = KEY_U32,
	    .min = CONF_BMP_BUFFER_MIN,
	    .max = CONF_BMP_BUFFER_MAX,
	    .dflt = "8388608",
	    .offset = AT(buffer_bytes) },
};
#undef AT

const struct conf_table table_bmp_server = {
	.what = "bmp_servers",
	.keys = bmp_server_keys,
	.n = nitems(bmp_server_keys),
	.target_size = sizeof(struct conf_bmp_server),
	.begin = bmp_server_begin,
	.end = bmp_server_end,
};

/* --- the top level */

#define AT(member) offsetof(struct conf, member)
static const struct conf_key top_keys[] = {
	{ .name = "asn",
	    .type = KEY_U32,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = UINT32_MAX,
	    .offset = AT(asn),
	    .set = set_asn },
	{ .name = "router_id",
	    .type = KEY_VALUE,
	    .flags = KEY_REQUIRED,
	    .offset = AT(router_id),
	    .set = set_router_id },
	{ .name = "cluster_id",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL | KEY_INERT,
	    .dflt = "router_id",
	    .offset = AT(cluster_id),
	    .set = set_identifier },
	{ .name = "listen_addr",
	    .type = KEY_NODE,
	    .dflt = "0.0.0.0:179",
	    .set = set_listen },
	{ .name = "grpc_listen_addr",
	    .type = KEY_NODE,
	    .dflt = "127.0.0.1:50051",
	    .set = set_grpc_listen },
	{ .name = "grpc_max_reply_bytes",
	    .type = KEY_U32,
	    .min = 65536,
	    .max = 1u << 30,
	    .dflt = "4194304",
	    .offset = AT(grpc_max_reply_bytes) },
	{ .name = "grpc_reflection",
	    .type = KEY_BOOL,
	    .dflt = "true",
	    .offset = AT(grpc_reflection) },
	{ .name = "grpc_unread_secs",
	    .type = KEY_U32,
	    .min = 10,
	    .max = 86400,
	    .dflt = "300",
	    .offset = AT(grpc_unread_secs) },
	{ .name = "metrics_listen_addr",
	    .type = KEY_NODE,
	    .flags = KEY_NULL,
	    .set = set_metrics_listen },
	{ .name = "hold_time_secs",
	    .type = KEY_U16,
	    .max = UINT16_MAX,
	    .dflt = "180",
	    .offset = AT(hold_time),
	    .set = set_hold_time },
	{ .name = "connect_retry_secs",
	    .type = KEY_U32,
	    .min = 1,
	    .max = UINT32_MAX - 1,
	    .dflt = "30",
	    .offset = AT(connect_retry_secs) },
	{ .name = "accept_unconfigured_peers",
	    .type = KEY_BOOL,
	    .dflt = "false",
	    .offset = AT(accept_unconfigured_peers) },
	{ .name = "ebgp_requires_policy",
	    .type = KEY_BOOL,
	    .dflt = "false",
	    .offset = AT(ebgp_requires_policy) },
	{ .name = "user", .type = KEY_VALUE, .dflt = "_bgpd", .set = set_user },
	{ .name = "log_level",
	    .type = KEY_VALUE,
	    .dflt = "info",
	    .set = set_log_level },
	{ .name = "log_format",
	    .type = KEY_VALUE,
	    .dflt = "text",
	    .set = set_log_format },
	{ .name = "pid_file",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .offset = AT(pid_file),
	    .set = set_path },
	{ .name = "state_dir",
	    .type = KEY_VALUE,
	    .flags = KEY_NULL,
	    .offset = AT(state_dir),
	    .set = set_path },
	{ .name = "sys_name",
	    .type = KEY_TEXT,
	    .flags = KEY_NULL,
	    .offset = AT(sys_name) },
	{ .name = "sys_descr",
	    .type = KEY_TEXT,
	    .flags = KEY_NULL,
	    .offset = AT(sys_descr) },
	{ .name = "llgr",
	    .type = KEY_MAP,
	    .flags = KEY_NULL | KEY_INERT,
	    .table = &table_llgr },
	{ .name = "peers", .type = KEY_LIST_OF_MAPS, .table = &table_peer },
	{ .name = "networks", .type = KEY_LIST, .set = set_network },
	{ .name = "bmp_servers",
	    .type = KEY_LIST_OF_MAPS,
	    .table = &table_bmp_server },
	{ .name = "defined-sets",
	    .type = KEY_MAP,
	    .table = &table_defined_sets },
	{ .name = "policy-definitions",
	    .type = KEY_LIST_OF_MAPS,
	    .table = &table_policy },
};
#undef AT

const struct conf_table table_top = {
	.what = "the file",
	.keys = top_keys,
	.n = nitems(top_keys),
};

void
schema_defaults(struct conf *c)
{
	struct conf_endpoint e;
	char text[ADDR_STRLEN];
	struct addr id = addr_ipv4(c->router_id);

	memset(&e, 0, sizeof(e));
	if (c->n_listen == 0) {
		e.addr = addr_ipv4(0);
		e.port = BGP_PORT;
		conf_listen_append(c, &e);
	}
	if (c->n_grpc_listen == 0) {
		e.addr = addr_ipv4(0x7f000001);
		e.port = 50051;
		conf_grpc_listen_append(c, &e);
	}
	if (c->cluster_id == 0)
		c->cluster_id = c->router_id;
	if (c->sys_name == NULL)
		c->sys_name = xasprintf("bgpgg %s", addr_str(&id, text));
}
