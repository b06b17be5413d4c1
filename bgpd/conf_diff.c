/* SPDX-License-Identifier: ISC */
/*
 * Differences of configurations.  A peer's row says whether its session is
 * reset by the rule that sessiond goes by (conf_peer_needs_reset); which keys
 * are to blame is told by a table here, and a test holds the two together.
 */
#include "bgpd/conf_diff.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/socket.h"
#include "common/msg.h"
#include "common/msg_conf.h"
#include "common/xmalloc.h"

static void add(struct conf_changes *, enum conf_change_how, bool resets,
    const char *kind, const char *name, const char *fmt, ...) ATTR_PRINTF(6, 7);

/* The text goes on behind "KIND NAME: "; a key has no kind in it. */
static void
add(struct conf_changes *to, enum conf_change_how how, bool resets,
    const char *kind, const char *name, const char *fmt, ...)
{
	struct conf_change *c;
	char text[1000];
	va_list ap;
	int n;

	if (to->n == CONF_CHANGES_MAX) {
		to->left_out++;
		return;
	}
	va_start(ap, fmt);
	n = snprintf(text, sizeof(text),
	    "%s%s%s: ", strcmp(kind, "key") == 0 ? "" : kind,
	    strcmp(kind, "key") == 0 ? "" : " ", name);
	(void)vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	if ((to->n & (to->n - 1)) == 0)
		to->list = xreallocarray(to->list,
		    to->n == 0 ? 1 : (size_t)to->n * 2, sizeof(*to->list));
	c = &to->list[to->n++];
	c->how = how;
	c->resets = resets;
	c->kind = xstrdup(kind);
	c->name = xstrdup(name);
	c->text = xstrdup(text);
}

/* --- keys of the top level */

static void
key_number(struct conf_changes *to, const char *key, uint64_t a, uint64_t b)
{
	if (a != b)
		add(to, CONF_CHANGED, false, "key", key, "%llu becomes %llu",
		    (unsigned long long)a, (unsigned long long)b);
}

static void
key_truth(struct conf_changes *to, const char *key, bool a, bool b)
{
	if (a != b)
		add(to, CONF_CHANGED, false, "key", key, "becomes %s",
		    b ? "true" : "false");
}

static void
key_text(struct conf_changes *to, const char *key, const char *a, const char *b)
{
	if (a == NULL && b == NULL)
		return;
	if (b == NULL)
		add(to, CONF_REMOVED, false, "key", key, "removed");
	else if (a == NULL || strcmp(a, b) != 0)
		add(to, CONF_CHANGED, false, "key", key, "becomes %.200s", b);
}

static void
keys_diff(const struct conf *a, const struct conf *b, struct conf_changes *to)
{
	struct addr id = addr_ipv4(b->cluster_id);
	char text[ADDR_STRLEN];

	if (a->cluster_id != b->cluster_id)
		add(to, CONF_CHANGED, false, "key", "cluster_id", "becomes %s",
		    addr_str(&id, text));
	key_number(to, "grpc_max_reply_bytes", a->grpc_max_reply_bytes,
	    b->grpc_max_reply_bytes);
	key_number(to, "grpc_unread_secs", a->grpc_unread_secs,
	    b->grpc_unread_secs);
	key_truth(to, "grpc_reflection", a->grpc_reflection,
	    b->grpc_reflection);
	key_number(to, "hold_time_secs", a->hold_time, b->hold_time);
	key_number(to, "connect_retry_secs", a->connect_retry_secs,
	    b->connect_retry_secs);
	key_truth(to, "accept_unconfigured_peers", a->accept_unconfigured_peers,
	    b->accept_unconfigured_peers);
	key_truth(to, "ebgp_requires_policy", a->ebgp_requires_policy,
	    b->ebgp_requires_policy);
	if (a->log_level != b->log_level)
		add(to, CONF_CHANGED, false, "key", "log_level", "becomes %s",
		    log_level_name(b->log_level));
	if (a->log_format != b->log_format)
		add(to, CONF_CHANGED, false, "key", "log_format", "becomes %s",
		    b->log_format == LOG_FORMAT_JSON ? "json" : "text");
	key_text(to, "pid_file", a->pid_file, b->pid_file);
	key_text(to, "state_dir", a->state_dir, b->state_dir);
	key_text(to, "sys_name", a->sys_name, b->sys_name);
	key_text(to, "sys_descr", a->sys_descr, b->sys_descr);
}

/* --- listeners */

static const struct conf_endpoint *
endpoint_in(const struct conf_endpoint *list, uint16_t n,
    const struct conf_endpoint *e)
{
	uint16_t i;

	for (i = 0; i < n; i++)
		if (conf_endpoint_equal(&list[i], e))
			return &list[i];
	return NULL;
}

static void
listeners_diff(const char *kind, const struct conf_endpoint *a, uint16_t n_a,
    const struct conf_endpoint *b, uint16_t n_b, struct conf_changes *to)
{
	const struct conf_endpoint *old;
	char text[LISTENER_STRLEN];
	uint16_t i;

	for (i = 0; i < n_b; i++) {
		old = endpoint_in(a, n_a, &b[i]);
		if (old == NULL)
			add(to, CONF_ADDED, false, kind,
			    listener_str(&b[i], text), "added");
		else if (!conf_access_equal(old->access, b[i].access))
			add(to, CONF_CHANGED, false, kind,
			    listener_str(&b[i], text),
			    "changed who may do what");
	}
	for (i = 0; i < n_a; i++)
		if (endpoint_in(b, n_b, &a[i]) == NULL)
			add(to, CONF_REMOVED, false, kind,
			    listener_str(&a[i], text), "removed");
}

/* --- peers */

/* Who assigned them does not count. */
static bool
assignment_same(const struct conf_assignment *a,
    const struct conf_assignment *b)
{
	uint16_t i;

	if (a->n != b->n || a->dflt != b->dflt)
		return false;
	for (i = 0; i < a->n; i++)
		if (strcmp(a->policies[i], b->policies[i]) != 0)
			return false;
	return true;
}

#define PEER_KEYS(K)                                                           \
	K("address", true, a->port != b->port)                                 \
	K("remote_as", true, a->remote_as != b->remote_as)                     \
	K("local_address", true, !addr_equal(&a->local_addr, &b->local_addr))  \
	K("hold_time_secs", true, a->hold_time != b->hold_time)                \
	K("afi_safis", true, a->families != b->families)                       \
	K("graceful-restart", true,                                            \
	    a->gr_enabled != b->gr_enabled ||                                  \
		(a->gr_enabled && a->gr_time != b->gr_time))                   \
	K("graceful-restart", false,                                           \
	    !a->gr_enabled && !b->gr_enabled && a->gr_time != b->gr_time)      \
	K("idle_hold_time_secs", false,                                        \
	    a->idle_hold_secs != b->idle_hold_secs)                            \
	K("damp_peer_oscillations", false,                                     \
	    a->damp_oscillations != b->damp_oscillations)                      \
	K("allow_automatic_stop", false,                                       \
	    a->allow_automatic_stop != b->allow_automatic_stop)                \
	K("passive_mode", false, a->passive != b->passive)                     \
	K("delay_open_time_secs", false,                                       \
	    a->delay_open_secs != b->delay_open_secs)                          \
	K("max_prefix", false,                                                 \
	    a->has_max_prefix != b->has_max_prefix ||                          \
		a->max_prefix != b->max_prefix ||                              \
		a->max_prefix_action != b->max_prefix_action)                  \
	K("send_notification_without_open", false,                             \
	    a->notification_without_open != b->notification_without_open)      \
	K("collision_detect_established_state", false,                         \
	    a->collision_established != b->collision_established)              \
	K("min_route_advertisement_interval_secs", false,                      \
	    a->mrai_secs != b->mrai_secs)                                      \
	K("import-policy", false,                                              \
	    !assignment_same(&a->policy[CONF_IMPORT],                          \
		&b->policy[CONF_IMPORT]))                                      \
	K("export-policy", false,                                              \
	    !assignment_same(&a->policy[CONF_EXPORT],                          \
		&b->policy[CONF_EXPORT]))                                      \
	K("enforce_first_as", false, a->enforce_first_as != b->enforce_first_as)

/* The keys that differ and do, or do not, cost the session. */
static size_t
peer_keys(const struct conf_peer *a, const struct conf_peer *b, bool resets,
    char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
#define K(key, costs, differs)                                                 \
	if ((costs) == resets && (differs) && at < size)                       \
		at += (size_t)snprintf(buf + at, size - at, "%s%s",            \
		    at == 0 ? "" : ", ", key);
	PEER_KEYS(K)
#undef K
	return at;
}

static void
peer_diff(const struct conf_peer *a, const struct conf_peer *b,
    struct conf_changes *to)
{
	char name[ADDR_STRLEN], costly[400], others[400];
	bool resets = conf_peer_needs_reset(a, b);

	addr_str(&b->addr, name);
	(void)peer_keys(a, b, true, costly, sizeof(costly));
	if (peer_keys(a, b, false, others, sizeof(others)) == 0 && !resets)
		return;
	if (!resets)
		add(to, CONF_CHANGED, false, "peer", name,
		    "changed, session is kept (%s)", others);
	else
		add(to, CONF_CHANGED, true, "peer", name,
		    "changed, session will be reset (%s)%s%s", costly,
		    others[0] == '\0' ? "" : ", also ", others);
}

static void
peers_diff(const struct conf *a, const struct conf *b, struct conf_changes *to)
{
	const struct conf_peer *old;
	char text[ADDR_STRLEN];
	uint32_t i;

	for (i = 0; i < b->n_peers; i++) {
		old = conf_peer_find(a, &b->peers[i].addr);
		if (old == NULL)
			add(to, CONF_ADDED, false, "peer",
			    addr_str(&b->peers[i].addr, text), "added");
		else
			peer_diff(old, &b->peers[i], to);
	}
	for (i = 0; i < a->n_peers; i++)
		if (conf_peer_find(b, &a->peers[i].addr) == NULL)
			add(to, CONF_REMOVED, false, "peer",
			    addr_str(&a->peers[i].addr, text),
			    "removed, its session ends");
}

/* --- networks; they are in the file's order */

static int
network_cmp(const void *x, const void *y)
{
	const struct conf_network *const *a = x, *const *b = y;

	return nlri_cmp(&(*a)->nlri, &(*b)->nlri);
}

static const struct conf_network **
networks_sorted(const struct conf *c)
{
	const struct conf_network **list =
	    xcalloc((size_t)c->n_networks + 1, sizeof(*list));
	uint32_t i;

	for (i = 0; i < c->n_networks; i++)
		list[i] = &c->networks[i];
	qsort(list, c->n_networks, sizeof(*list), network_cmp);
	return list;
}

static void
networks_diff(const struct conf *a, const struct conf *b,
    struct conf_changes *to)
{
	const struct conf_network **x = networks_sorted(a),
				  **y = networks_sorted(b);
	char text[NLRI_STRLEN];
	uint32_t i = 0, j = 0;
	int cmp;

	while (i < a->n_networks || j < b->n_networks) {
		cmp = i == a->n_networks ? 1 :
		    j == b->n_networks   ? -1 :
					   nlri_cmp(&x[i]->nlri, &y[j]->nlri);
		if (cmp < 0)
			add(to, CONF_REMOVED, false, "network",
			    nlri_str(&x[i]->nlri, text), "removed");
		else if (cmp > 0)
			add(to, CONF_ADDED, false, "network",
			    nlri_str(&y[j]->nlri, text), "added");
		else if (x[i]->attrs_len != y[j]->attrs_len ||
		    memcmp(x[i]->attrs, y[j]->attrs, x[i]->attrs_len) != 0)
			add(to, CONF_CHANGED, false, "network",
			    nlri_str(&y[j]->nlri, text),
			    "changed its attributes");
		i += cmp <= 0;
		j += cmp >= 0;
	}
	free(x);
	free(y);
}

static const struct conf_bmp_server *
bmp_in(const struct conf *c, const struct conf_bmp_server *s)
{
	uint16_t i;

	for (i = 0; i < c->n_bmp_servers; i++)
		if (c->bmp_servers[i].port == s->port &&
		    addr_equal(&c->bmp_servers[i].addr, &s->addr))
			return &c->bmp_servers[i];
	return NULL;
}

static void
bmp_diff(const struct conf *a, const struct conf *b, struct conf_changes *to)
{
	const struct conf_bmp_server *s, *old;
	char text[ENDPOINT_STRLEN];
	uint16_t i;

	for (i = 0; i < b->n_bmp_servers; i++) {
		s = &b->bmp_servers[i];
		old = bmp_in(a, s);
		if (old == NULL)
			add(to, CONF_ADDED, false, "bmp-server",
			    endpoint_str(&s->addr, s->port, text), "added");
		else if (!conf_bmp_server_equal(old, s))
			add(to, CONF_CHANGED, false, "bmp-server",
			    endpoint_str(&s->addr, s->port, text), "changed");
	}
	for (i = 0; i < a->n_bmp_servers; i++) {
		s = &a->bmp_servers[i];
		if (bmp_in(b, s) == NULL)
			add(to, CONF_REMOVED, false, "bmp-server",
			    endpoint_str(&s->addr, s->port, text), "removed");
	}
}

/* --- sets: how many members come and go */

/* Counting sorts both; of longer sets only the lengths are told, because it
 * is the parent that waits. */
#define COUNTED_MAX 200000u

static size_t
member_size(const struct conf_set *set)
{
	switch ((enum conf_set_kind)set->kind) {
	case CONF_SET_PREFIX:
		return sizeof(struct conf_prefix);
	case CONF_SET_NEIGHBOR:
		return sizeof(struct addr);
	case CONF_SET_AS_PATH:
		return sizeof(char *);
	default:
		return sizeof(struct conf_comm);
	}
}

static int
prefix_cmp(const void *x, const void *y)
{
	const struct conf_prefix *a = x, *b = y;
	int cmp = nlri_cmp(&a->nlri, &b->nlri);

	if (cmp != 0)
		return cmp;
	if (a->min != b->min)
		return a->min < b->min ? -1 : 1;
	if (a->max != b->max)
		return a->max < b->max ? -1 : 1;
	return a->form < b->form ? -1 : a->form > b->form;
}

static int
neighbor_cmp(const void *x, const void *y)
{
	return addr_cmp(x, y);
}

static int
pattern_cmp(const void *x, const void *y)
{
	const char *const *a = x, *const *b = y;

	return strcmp(*a, *b);
}

static int
comm_cmp(const void *x, const void *y)
{
	return memcmp(x, y, sizeof(struct conf_comm));
}

static void
set_diff(const struct conf_set *a, const struct conf_set *b,
    struct conf_changes *to)
{
	static int (*const cmps[])(const void *, const void *) = {
		[CONF_SET_PREFIX] = prefix_cmp,
		[CONF_SET_NEIGHBOR] = neighbor_cmp,
		[CONF_SET_AS_PATH] = pattern_cmp,
		[CONF_SET_COMMUNITY] = comm_cmp,
		[CONF_SET_EXT_COMMUNITY] = comm_cmp,
		[CONF_SET_LARGE_COMMUNITY] = comm_cmp,
	};
	const char *kind = conf_set_kind_text((enum conf_set_kind)b->kind);
	const size_t size = member_size(b);
	uint32_t i = 0, j = 0, added = 0, removed = 0;
	uint8_t *x, *y;
	int cmp;

	if (a->n > COUNTED_MAX || b->n > COUNTED_MAX) {
		add(to, CONF_CHANGED, false, kind, b->name,
		    "changed, %u members become %u", a->n, b->n);
		return;
	}
	x = xcalloc((size_t)a->n + 1, size);
	y = xcalloc((size_t)b->n + 1, size);
	if (a->n > 0)
		memcpy(x, a->list, a->n * size);
	if (b->n > 0)
		memcpy(y, b->list, b->n * size);
	qsort(x, a->n, size, cmps[b->kind]);
	qsort(y, b->n, size, cmps[b->kind]);
	while (i < a->n || j < b->n) {
		cmp = i == a->n ? 1 :
		    j == b->n   ? -1 :
				  cmps[b->kind](x + i * size, y + j * size);
		removed += cmp < 0;
		added += cmp > 0;
		i += cmp <= 0;
		j += cmp >= 0;
	}
	free(x);
	free(y);
	if (added + removed == 0)
		add(to, CONF_CHANGED, false, kind, b->name,
		    "changed, the same members in another order");
	else
		add(to, CONF_CHANGED, false, kind, b->name,
		    "%u member%s added, %u removed", added,
		    added == 1 ? "" : "s", removed);
}

static void
sets_diff(const struct conf *a, const struct conf *b, struct conf_changes *to)
{
	const struct conf_set *set, *old;
	enum conf_set_kind kind;
	uint32_t i;

	for (i = 0; i < b->n_sets; i++) {
		set = b->sets[i];
		kind = (enum conf_set_kind)set->kind;
		old = conf_set_find(a, kind, set->name);
		if (old == NULL)
			add(to, CONF_ADDED, false, conf_set_kind_text(kind),
			    set->name, "added, %u member%s", set->n,
			    set->n == 1 ? "" : "s");
		else if (old->serial != set->serial &&
		    !conf_set_equal(old, set))
			set_diff(old, set, to);
	}
	for (i = 0; i < a->n_sets; i++) {
		set = a->sets[i];
		kind = (enum conf_set_kind)set->kind;
		if (conf_set_find(b, kind, set->name) == NULL)
			add(to, CONF_REMOVED, false, conf_set_kind_text(kind),
			    set->name, "removed");
	}
}

/* --- policies: which statements differ */

static bool
statement_equal(const struct conf_statement *a, const struct conf_statement *b)
{
	struct wr x, y;
	bool equal;

	wr_init_grow(&x, MSG_MAX);
	wr_init_grow(&y, MSG_MAX);
	msg_conf_statement_put(&x, a);
	msg_conf_statement_put(&y, b);
	equal =
	    wr_len(&x) == wr_len(&y) && memcmp(x.base, y.base, wr_len(&x)) == 0;
	wr_free(&x);
	wr_free(&y);
	return equal;
}

static void
policy_diff(const struct conf_policy *a, const struct conf_policy *b,
    struct conf_changes *to)
{
	const uint32_t common = a->n < b->n ? a->n : b->n;
	uint32_t i, first = 0, n = 0;

	for (i = 0; i < common; i++) {
		if (statement_equal(&a->statements[i], &b->statements[i]))
			continue;
		if (n++ == 0)
			first = i + 1;
	}
	if (a->n != b->n)
		add(to, CONF_CHANGED, false, "policy", b->name,
		    "changed, %u statements become %u", a->n, b->n);
	else if (n == 1)
		add(to, CONF_CHANGED, false, "policy", b->name,
		    "changed in statement %u", first);
	else
		add(to, CONF_CHANGED, false, "policy", b->name,
		    "changed in %u statements, the first is %u", n, first);
}

static void
policies_diff(const struct conf *a, const struct conf *b,
    struct conf_changes *to)
{
	const struct conf_policy *p, *old;
	uint32_t i;

	for (i = 0; i < b->n_policies; i++) {
		p = b->policies[i];
		old = conf_policy_find(a, p->name);
		if (old == NULL)
			add(to, CONF_ADDED, false, "policy", p->name,
			    "added, %u statement%s", p->n,
			    p->n == 1 ? "" : "s");
		else if (old->serial != p->serial && !conf_policy_equal(old, p))
			policy_diff(old, p, to);
	}
	for (i = 0; i < a->n_policies; i++) {
		p = a->policies[i];
		if (conf_policy_find(b, p->name) == NULL)
			add(to, CONF_REMOVED, false, "policy", p->name,
			    "removed");
	}
}

void
conf_diff(const struct conf *from, const struct conf *to,
    struct conf_changes *changes)
{
	keys_diff(from, to, changes);
	listeners_diff("listener", from->listen, from->n_listen, to->listen,
	    to->n_listen, changes);
	listeners_diff("api-listener", from->grpc_listen, from->n_grpc_listen,
	    to->grpc_listen, to->n_grpc_listen, changes);
	listeners_diff("metrics-listener", from->metrics_listen,
	    from->n_metrics_listen, to->metrics_listen, to->n_metrics_listen,
	    changes);
	peers_diff(from, to, changes);
	networks_diff(from, to, changes);
	bmp_diff(from, to, changes);
	sets_diff(from, to, changes);
	policies_diff(from, to, changes);
}
