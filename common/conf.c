/* SPDX-License-Identifier: ISC */
/*
 * The configuration model: construction, deep copies, comparison, release.
 *
 * Owns every string and array it points to.  Pure: no input or output, no
 * clock; whoever holds a struct conf may call anything here.  The peer array
 * stays sorted by address, which makes lookups a binary search and the order
 * of every listing stable.
 */
#include "common/conf.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"

struct conf *
conf_new(void)
{
	struct conf *c = xcalloc(1, sizeof(*c));

	c->hold_time = 180;
	c->connect_retry_secs = 30;
	c->log_level = LOG_LEVEL_INFO;
	c->log_format = LOG_FORMAT_TEXT;
	c->grpc_max_reply_bytes = 4u * 1024 * 1024;
	c->grpc_unread_secs = 300;
	c->grpc_reflection = true;
	c->user = xstrdup("_bgpd");
	c->sys_name = xstrdup("bgpgg");
	c->sys_descr = xstrdup("bgpgg version " BGPGG_VERSION);
	return c;
}

void
conf_free(struct conf *c)
{
	uint32_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n_policies; i++)
		conf_policy_unref(c->policies[i]);
	free(c->policies);
	for (i = 0; i < c->n_sets; i++)
		conf_set_unref(c->sets[i]);
	free(c->sets);
	for (i = 0; i < c->n_bmp_servers; i++)
		conf_bmp_server_fini(&c->bmp_servers[i]);
	free(c->bmp_servers);
	for (i = 0; i < c->n_networks; i++)
		conf_network_fini(&c->networks[i]);
	free(c->networks);
	for (i = 0; i < c->n_peers; i++)
		conf_peer_fini(&c->peers[i]);
	free(c->peers);
	for (i = 0; i < c->n_metrics_listen; i++)
		conf_endpoint_fini(&c->metrics_listen[i]);
	free(c->metrics_listen);
	for (i = 0; i < c->n_grpc_listen; i++)
		conf_endpoint_fini(&c->grpc_listen[i]);
	free(c->grpc_listen);
	for (i = 0; i < c->n_listen; i++)
		conf_endpoint_fini(&c->listen[i]);
	free(c->listen);
	free(c->state_dir);
	free(c->pid_file);
	free(c->sys_descr);
	free(c->sys_name);
	free(c->user);
	free(c);
}

static char *
text_copy(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

struct conf *
conf_copy(const struct conf *from)
{
	struct conf *c = xmemdup(from, sizeof(*from));
	uint32_t i;

	c->user = text_copy(from->user);
	c->sys_name = text_copy(from->sys_name);
	c->sys_descr = text_copy(from->sys_descr);
	c->pid_file = text_copy(from->pid_file);
	c->state_dir = text_copy(from->state_dir);
	c->listen = c->grpc_listen = c->metrics_listen = NULL;
	c->n_listen = c->n_grpc_listen = c->n_metrics_listen = 0;
	c->peers = NULL;
	c->networks = NULL;
	c->bmp_servers = NULL;
	c->n_peers = c->n_networks = 0;
	c->n_bmp_servers = 0;
	c->sets = NULL;
	c->policies = NULL;
	c->n_sets = c->n_policies = 0;
	for (i = 0; i < from->n_listen; i++)
		conf_listen_append(c, &from->listen[i]);
	for (i = 0; i < from->n_grpc_listen; i++)
		conf_grpc_listen_append(c, &from->grpc_listen[i]);
	for (i = 0; i < from->n_metrics_listen; i++)
		conf_metrics_listen_append(c, &from->metrics_listen[i]);
	for (i = 0; i < from->n_peers; i++)
		conf_peer_add(c, &from->peers[i]);
	for (i = 0; i < from->n_networks; i++)
		conf_network_append(c, &from->networks[i]);
	for (i = 0; i < from->n_bmp_servers; i++)
		conf_bmp_server_append(c, &from->bmp_servers[i]);
	for (i = 0; i < from->n_sets; i++)
		conf_set_put(c, conf_set_ref(from->sets[i]));
	for (i = 0; i < from->n_policies; i++)
		conf_policy_put(c, conf_policy_ref(from->policies[i]));
	return c;
}

void
conf_endpoint_fini(struct conf_endpoint *e)
{
	free(e->path);
	e->path = NULL;
	conf_access_free(e->access);
	e->access = NULL;
}

static void
file_copy(struct conf_file *to, const struct conf_file *from)
{
	*to = *from;
	to->path = text_copy(from->path);
	if (from->text != NULL)
		to->text = xmemdup(from->text, from->len + 1);
}

/* The contents are secrets, some of them. */
static void
file_fini(struct conf_file *f)
{
	free(f->path);
	if (f->text != NULL)
		explicit_bzero(f->text, f->len);
	free(f->text);
}

struct conf_access *
conf_access_copy(const struct conf_access *from)
{
	struct conf_access *to = xcalloc(1, sizeof(*to));

	to->read_only = from->read_only;
	file_copy(&to->certificate, &from->certificate);
	file_copy(&to->key, &from->key);
	file_copy(&to->client_ca, &from->client_ca);
	file_copy(&to->tokens, &from->tokens);
	return to;
}

static bool
file_equal(const struct conf_file *a, const struct conf_file *b)
{
	if ((a->path == NULL) != (b->path == NULL) ||
	    (a->text == NULL) != (b->text == NULL))
		return false;
	return a->text == NULL ||
	    (a->len == b->len && memcmp(a->text, b->text, a->len) == 0);
}

bool
conf_access_equal(const struct conf_access *a, const struct conf_access *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->read_only == b->read_only &&
	    file_equal(&a->certificate, &b->certificate) &&
	    file_equal(&a->key, &b->key) &&
	    file_equal(&a->client_ca, &b->client_ca) &&
	    file_equal(&a->tokens, &b->tokens);
}

void
conf_access_free(struct conf_access *a)
{
	if (a == NULL)
		return;
	file_fini(&a->certificate);
	file_fini(&a->key);
	file_fini(&a->client_ca);
	file_fini(&a->tokens);
	free(a);
}

bool
conf_endpoint_equal(const struct conf_endpoint *a,
    const struct conf_endpoint *b)
{
	if ((a->path == NULL) != (b->path == NULL))
		return false;
	if (a->path != NULL)
		return strcmp(a->path, b->path) == 0;
	return addr_equal(&a->addr, &b->addr) && a->port == b->port;
}

static void
endpoint_append(struct conf_endpoint **list, uint16_t *n,
    const struct conf_endpoint *e)
{
	struct conf_endpoint *to;

	*list = xreallocarray(*list, (size_t)*n + 1, sizeof(**list));
	to = &(*list)[(*n)++];
	*to = *e;
	if (e->path != NULL)
		to->path = xstrdup(e->path);
	if (e->access != NULL)
		to->access = conf_access_copy(e->access);
}

void
conf_listen_append(struct conf *c, const struct conf_endpoint *e)
{
	endpoint_append(&c->listen, &c->n_listen, e);
}

void
conf_grpc_listen_append(struct conf *c, const struct conf_endpoint *e)
{
	endpoint_append(&c->grpc_listen, &c->n_grpc_listen, e);
}

void
conf_metrics_listen_append(struct conf *c, const struct conf_endpoint *e)
{
	endpoint_append(&c->metrics_listen, &c->n_metrics_listen, e);
}

void
conf_network_fini(struct conf_network *n)
{
	free(n->attrs);
	n->attrs = NULL;
	n->attrs_len = 0;
}

void
conf_network_append(struct conf *c, const struct conf_network *n)
{
	struct conf_network *to;

	/* Grown by doubling: lists may be as long as a table. */
	if ((c->n_networks & (c->n_networks - 1)) == 0)
		c->networks = xreallocarray(c->networks,
		    c->n_networks == 0 ? 1 : (size_t)c->n_networks * 2,
		    sizeof(*c->networks));
	to = &c->networks[c->n_networks++];
	*to = *n;
	to->attrs = n->attrs_len == 0 ? NULL : xmemdup(n->attrs, n->attrs_len);
}

void
conf_bmp_server_fini(struct conf_bmp_server *b)
{
	(void)b; /* holds no memory of its own */
}

void
conf_bmp_server_append(struct conf *c, const struct conf_bmp_server *b)
{
	c->bmp_servers = xreallocarray(c->bmp_servers,
	    (size_t)c->n_bmp_servers + 1, sizeof(*c->bmp_servers));
	c->bmp_servers[c->n_bmp_servers++] = *b;
}

void
conf_bmp_server_init(struct conf_bmp_server *b)
{
	memset(b, 0, sizeof(*b));
	b->buffer_bytes = CONF_BMP_BUFFER;
	b->pre_policy = true;
}

const struct conf_bmp_server *
conf_bmp_server_find(const struct conf *c, const struct addr *addr,
    uint16_t port)
{
	uint16_t i;

	for (i = 0; i < c->n_bmp_servers; i++)
		if (c->bmp_servers[i].port == port &&
		    addr_equal(&c->bmp_servers[i].addr, addr))
			return &c->bmp_servers[i];
	return NULL;
}

void
conf_bmp_server_remove(struct conf *c, const struct addr *addr, uint16_t port)
{
	const struct conf_bmp_server *b = conf_bmp_server_find(c, addr, port);
	size_t i;

	if (b == NULL)
		return;
	i = (size_t)(b - c->bmp_servers);
	conf_bmp_server_fini(&c->bmp_servers[i]);
	c->n_bmp_servers--;
	memmove(c->bmp_servers + i, c->bmp_servers + i + 1,
	    (c->n_bmp_servers - i) * sizeof(*c->bmp_servers));
}

uint8_t
conf_bmp_feeds(const struct conf_bmp_server *b)
{
	return (uint8_t)((b->pre_policy ? CONF_BMP_IN_PRE : 0) |
	    (b->post_policy ? CONF_BMP_IN_POST : 0) |
	    (b->loc_rib ? CONF_BMP_LOC_RIB : 0) |
	    (b->adj_rib_out ? CONF_BMP_OUT : 0) |
	    (b->adj_rib_out_pre ? CONF_BMP_OUT_PRE : 0) |
	    (b->mirroring ? CONF_BMP_MIRROR : 0));
}

bool
conf_bmp_server_equal(const struct conf_bmp_server *a,
    const struct conf_bmp_server *b)
{
	return addr_equal(&a->addr, &b->addr) && a->port == b->port &&
	    a->statistics_secs == b->statistics_secs &&
	    a->buffer_bytes == b->buffer_bytes &&
	    conf_bmp_feeds(a) == conf_bmp_feeds(b);
}

void
conf_peer_init(struct conf_peer *p, const struct conf *c)
{
	memset(p, 0, sizeof(*p));
	p->port = 179;
	p->hold_time = c == NULL ? 180 : c->hold_time;
	p->idle_hold_secs = 30;
	p->damp_oscillations = true;
	p->allow_automatic_stop = true;
	p->delay_open_secs = CONF_NEVER;
	p->max_prefix_action = CONF_MAX_PREFIX_TERMINATE;
	p->gr_enabled = true;
	p->gr_time = 120;
	p->families = FAMILY_ALL;
}

static void
names_free(char **names, uint16_t n)
{
	uint16_t i;

	for (i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static char **
names_copy(char *const *names, uint16_t n)
{
	char **copy;
	uint16_t i;

	if (n == 0)
		return NULL;
	copy = xcalloc(n, sizeof(*copy));
	for (i = 0; i < n; i++)
		copy[i] = xstrdup(names[i]);
	return copy;
}

static bool
names_equal(char *const *a, uint16_t na, char *const *b, uint16_t nb)
{
	uint16_t i;

	if (na != nb)
		return false;
	for (i = 0; i < na; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

void
conf_assignment_fini(struct conf_assignment *a)
{
	names_free(a->policies, a->n);
	a->policies = NULL;
	a->n = 0;
}

void
conf_assignment_copy(struct conf_assignment *to,
    const struct conf_assignment *from)
{
	*to = *from;
	to->policies = names_copy(from->policies, from->n);
}

bool
conf_assignment_equal(const struct conf_assignment *a,
    const struct conf_assignment *b)
{
	return a->dflt == b->dflt && a->runtime == b->runtime &&
	    names_equal(a->policies, a->n, b->policies, b->n);
}

void
conf_peer_fini(struct conf_peer *p)
{
	int d;

	for (d = 0; d < CONF_DIRECTION__MAX; d++)
		conf_assignment_fini(&p->policy[d]);
}

void
conf_peer_copy(struct conf_peer *to, const struct conf_peer *from)
{
	int d;

	*to = *from;
	for (d = 0; d < CONF_DIRECTION__MAX; d++)
		conf_assignment_copy(&to->policy[d], &from->policy[d]);
}

/* Index of the first peer whose address is not below `addr`. */
static uint32_t
peer_lower_bound(const struct conf *c, const struct addr *addr)
{
	uint32_t low = 0, high = c->n_peers, mid;

	/* Transfers arrive in order: the usual place is the end. */
	if (high > 0 && addr_cmp(&c->peers[high - 1].addr, addr) < 0)
		return high;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (addr_cmp(&c->peers[mid].addr, addr) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct conf_peer *
conf_peer_find(const struct conf *c, const struct addr *addr)
{
	uint32_t at = peer_lower_bound(c, addr);

	if (at == c->n_peers || !addr_equal(&c->peers[at].addr, addr))
		return NULL;
	return &c->peers[at];
}

void
conf_peer_add(struct conf *c, const struct conf_peer *p)
{
	uint32_t at = peer_lower_bound(c, &p->addr);

	/* Capacity is the next power of two, so that a transfer of many
	 * peers moves the array a few times only. */
	if ((c->n_peers & (c->n_peers - 1)) == 0)
		c->peers = xreallocarray(c->peers,
		    c->n_peers == 0 ? 1 : (size_t)c->n_peers * 2,
		    sizeof(*c->peers));
	memmove(&c->peers[at + 1], &c->peers[at],
	    (c->n_peers - at) * sizeof(*c->peers));
	conf_peer_copy(&c->peers[at], p);
	c->n_peers++;
}

void
conf_peer_remove(struct conf *c, const struct addr *addr)
{
	uint32_t at = peer_lower_bound(c, addr);

	if (at == c->n_peers || !addr_equal(&c->peers[at].addr, addr))
		return;
	conf_peer_fini(&c->peers[at]);
	c->n_peers--;
	memmove(&c->peers[at], &c->peers[at + 1],
	    (c->n_peers - at) * sizeof(*c->peers));
}

bool
conf_peer_needs_reset(const struct conf_peer *a, const struct conf_peer *b)
{
	return a->port != b->port || a->remote_as != b->remote_as ||
	    a->hold_time != b->hold_time ||
	    !addr_equal(&a->local_addr, &b->local_addr) ||
	    a->families != b->families || a->gr_enabled != b->gr_enabled ||
	    (a->gr_enabled && a->gr_time != b->gr_time);
}

bool
conf_peer_equal(const struct conf_peer *a, const struct conf_peer *b)
{
	return !conf_peer_needs_reset(a, b) && addr_equal(&a->addr, &b->addr) &&
	    a->origin == b->origin && a->gr_time == b->gr_time &&
	    a->idle_hold_secs == b->idle_hold_secs &&
	    a->damp_oscillations == b->damp_oscillations &&
	    a->allow_automatic_stop == b->allow_automatic_stop &&
	    a->passive == b->passive &&
	    a->delay_open_secs == b->delay_open_secs &&
	    a->has_max_prefix == b->has_max_prefix &&
	    a->max_prefix == b->max_prefix &&
	    a->max_prefix_action == b->max_prefix_action &&
	    a->notification_without_open == b->notification_without_open &&
	    a->collision_established == b->collision_established &&
	    a->enforce_first_as == b->enforce_first_as &&
	    a->mrai_secs == b->mrai_secs &&
	    conf_assignment_equal(&a->policy[CONF_IMPORT],
		&b->policy[CONF_IMPORT]) &&
	    conf_assignment_equal(&a->policy[CONF_EXPORT],
		&b->policy[CONF_EXPORT]);
}

/* --- sets and policies */

static int
set_key_cmp(const struct conf_set *set, enum conf_set_kind kind,
    const char *name)
{
	if (set->kind != kind)
		return set->kind < kind ? -1 : 1;
	return strcmp(set->name, name);
}

/* Index of the first that is not below the key. */
static uint32_t
set_lower_bound(const struct conf *c, enum conf_set_kind kind, const char *name)
{
	uint32_t low = 0, high = c->n_sets, mid;

	if (high > 0 && set_key_cmp(c->sets[high - 1], kind, name) < 0)
		return high;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (set_key_cmp(c->sets[mid], kind, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static uint32_t
policy_lower_bound(const struct conf *c, const char *name)
{
	uint32_t low = 0, high = c->n_policies, mid;

	if (high > 0 && strcmp(c->policies[high - 1]->name, name) < 0)
		return high;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(c->policies[mid]->name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct conf_set *
conf_set_find(const struct conf *c, enum conf_set_kind kind, const char *name)
{
	uint32_t at = set_lower_bound(c, kind, name);

	if (at == c->n_sets || set_key_cmp(c->sets[at], kind, name) != 0)
		return NULL;
	return c->sets[at];
}

struct conf_policy *
conf_policy_find(const struct conf *c, const char *name)
{
	uint32_t at = policy_lower_bound(c, name);

	if (at == c->n_policies || strcmp(c->policies[at]->name, name) != 0)
		return NULL;
	return c->policies[at];
}

void
conf_set_put(struct conf *c, struct conf_set *set)
{
	enum conf_set_kind kind = (enum conf_set_kind)set->kind;
	uint32_t at = set_lower_bound(c, kind, set->name);

	if (at < c->n_sets && set_key_cmp(c->sets[at], kind, set->name) == 0) {
		conf_set_unref(c->sets[at]);
		c->sets[at] = set;
		return;
	}
	if ((c->n_sets & (c->n_sets - 1)) == 0)
		c->sets = xreallocarray(c->sets,
		    c->n_sets == 0 ? 1 : (size_t)c->n_sets * 2,
		    sizeof(struct conf_set *));
	memmove(&c->sets[at + 1], &c->sets[at],
	    (c->n_sets - at) * sizeof(struct conf_set *));
	c->sets[at] = set;
	c->n_sets++;
}

void
conf_policy_put(struct conf *c, struct conf_policy *p)
{
	uint32_t at = policy_lower_bound(c, p->name);

	if (at < c->n_policies && strcmp(c->policies[at]->name, p->name) == 0) {
		conf_policy_unref(c->policies[at]);
		c->policies[at] = p;
		return;
	}
	if ((c->n_policies & (c->n_policies - 1)) == 0)
		c->policies = xreallocarray(c->policies,
		    c->n_policies == 0 ? 1 : (size_t)c->n_policies * 2,
		    sizeof(struct conf_policy *));
	memmove(&c->policies[at + 1], &c->policies[at],
	    (c->n_policies - at) * sizeof(struct conf_policy *));
	c->policies[at] = p;
	c->n_policies++;
}

void
conf_set_remove(struct conf *c, enum conf_set_kind kind, const char *name)
{
	uint32_t at = set_lower_bound(c, kind, name);

	if (at == c->n_sets || set_key_cmp(c->sets[at], kind, name) != 0)
		return;
	conf_set_unref(c->sets[at]);
	c->n_sets--;
	memmove(&c->sets[at], &c->sets[at + 1],
	    (c->n_sets - at) * sizeof(struct conf_set *));
}

void
conf_policy_remove(struct conf *c, const char *name)
{
	uint32_t at = policy_lower_bound(c, name);

	if (at == c->n_policies || strcmp(c->policies[at]->name, name) != 0)
		return;
	conf_policy_unref(c->policies[at]);
	c->n_policies--;
	memmove(&c->policies[at], &c->policies[at + 1],
	    (c->n_policies - at) * sizeof(struct conf_policy *));
}

const struct conf_policy *
conf_set_user(const struct conf *c, enum conf_set_kind kind, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->n_policies; i++) {
		if (conf_policy_uses_set(c->policies[i], kind, name))
			return c->policies[i];
	}
	return NULL;
}
