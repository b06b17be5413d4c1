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

#include "common/bgp.h"
#include "common/msg.h"
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
	wr_n32(w, c->grpc_unread_secs);
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
	c->grpc_unread_secs = rd_n32(r);
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

static void
assignment_put(struct wr *w, const struct conf_assignment *a)
{
	put_names(w, a->policies, a->n);
	wr_n8(w, a->dflt);
	put_bool(w, a->runtime);
}

static void
assignment_get(struct rd *r, struct conf_assignment *a)
{
	a->policies = get_names(r, &a->n);
	a->dflt = get_enum(r, CONF_DEFAULT_REJECT);
	a->runtime = get_bool(r);
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
	assignment_put(w, &p->policy[CONF_IMPORT]);
	assignment_put(w, &p->policy[CONF_EXPORT]);
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
	assignment_get(r, &p->policy[CONF_IMPORT]);
	assignment_get(r, &p->policy[CONF_EXPORT]);
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
	put_bool(w, b->adj_rib_out_pre);
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
	b->adj_rib_out_pre = get_bool(r);
	b->mirroring = get_bool(r);
	if (b->addr.family == ADDR_NONE)
		rd_fail(r);
}

/* --- sets */

static void
comm_put(struct wr *w, enum conf_set_kind kind, const struct conf_comm *c)
{
	const unsigned int len = conf_comm_len(kind);
	const bool exact = conf_comm_is_exact(kind, c);

	put_bool(w, exact);
	wr_copy(w, c->value, len);
	if (!exact)
		wr_copy(w, c->mask, len);
}

/* Does each part of `width` bytes count as a whole or not at all? */
static bool
mask_has_parts(const uint8_t *mask, unsigned int len, unsigned int width)
{
	unsigned int i;

	for (i = 0; i < len; i++) {
		if (mask[i] != mask[i - i % width])
			return false;
	}
	return true;
}

/* May communities of the kind be matched so (policy_comm_parse)? */
static bool
is_pattern(enum conf_set_kind kind, const struct conf_comm *c)
{
	unsigned int i, fixed;

	if (kind == CONF_SET_COMMUNITY)
		return mask_has_parts(c->mask, 4, 2);
	if (kind == CONF_SET_LARGE_COMMUNITY)
		return mask_has_parts(c->mask, 12, 4);
	/* rt and ro, of a number with two bytes or with four */
	if (c->value[0] > 2 || (c->value[1] != 2 && c->value[1] != 3))
		return false;
	fixed = c->value[0] == 0 ? 4 : 6;
	for (i = 0; i < 8; i++) {
		if (c->mask[i] != (i < fixed ? 0xff : 0))
			return false;
	}
	return true;
}

static void
comm_get(struct rd *r, enum conf_set_kind kind, struct conf_comm *c)
{
	const unsigned int len = conf_comm_len(kind);
	const bool exact = get_bool(r);
	unsigned int i;

	memset(c, 0, sizeof(*c));
	rd_copy(r, c->value, len);
	if (exact) {
		memset(c->mask, 0xff, len);
		return;
	}
	rd_copy(r, c->mask, len);
	if (!rd_ok(r))
		return;
	for (i = 0; i < len; i++) {
		if ((c->mask[i] != 0 && c->mask[i] != 0xff) ||
		    (c->value[i] & ~c->mask[i]) != 0)
			rd_fail(r);
	}
	if (conf_comm_is_exact(kind, c) || !is_pattern(kind, c))
		rd_fail(r);
}

static void
prefix_put(struct wr *w, const struct conf_prefix *p)
{
	nlri_put(w, &p->nlri);
	wr_n8(w, p->min);
	wr_n8(w, p->max);
	wr_n8(w, p->form);
}

static void
prefix_get(struct rd *r, struct conf_prefix *p)
{
	unsigned int most;
	bool ok;

	memset(p, 0, sizeof(*p));
	nlri_get(r, &p->nlri);
	p->min = rd_n8(r);
	p->max = rd_n8(r);
	p->form = get_enum(r, CONF_RANGE_FROM);
	if (!rd_ok(r))
		return;
	most = family_max_bits((enum family)p->nlri.family);
	ok = p->nlri.bits <= p->min && p->min <= p->max && p->max <= most;
	switch ((enum conf_range_form)p->form) {
	case CONF_RANGE_NONE:
	case CONF_RANGE_EXACT:
		ok = ok && p->max == p->nlri.bits;
		break;
	case CONF_RANGE_UP_TO:
		ok = ok && p->min == p->nlri.bits;
		break;
	case CONF_RANGE_FROM:
		ok = ok && p->max == most;
		break;
	case CONF_RANGE_BOTH:
		break;
	}
	if (!ok)
		rd_fail(r);
}

static void
member_put(struct wr *w, const struct conf_set *set, uint32_t i)
{
	switch ((enum conf_set_kind)set->kind) {
	case CONF_SET_PREFIX:
		prefix_put(w, &set->prefixes[i]);
		break;
	case CONF_SET_NEIGHBOR:
		addr_put(w, &set->neighbors[i]);
		break;
	case CONF_SET_AS_PATH:
		wr_str(w, set->patterns[i]);
		break;
	default:
		comm_put(w, (enum conf_set_kind)set->kind, &set->comms[i]);
	}
}

/*
 * What follows is read in two ways: `strict` holds it against the bounds of
 * the configuration, too; an edit may go beyond them, since that is a
 * refusal by bgpd and no breach.
 */

static void
pattern_get(struct rd *r, struct conf_set *set, bool strict)
{
	char *pattern = rd_str(r);

	if (pattern == NULL)
		return;
	if (strict && (*pattern == '\0' || strlen(pattern) > CONF_PATTERN_MAX))
		rd_fail(r);
	else
		conf_set_add_pattern(set, pattern);
	free(pattern);
}

static void
member_get(struct rd *r, struct conf_set *set, bool strict)
{
	const enum conf_set_kind kind = (enum conf_set_kind)set->kind;
	struct conf_prefix prefix;
	struct conf_comm comm;
	struct addr addr;

	switch (kind) {
	case CONF_SET_PREFIX:
		prefix_get(r, &prefix);
		if (rd_ok(r))
			conf_set_add_prefix(set, &prefix);
		break;
	case CONF_SET_NEIGHBOR:
		addr_get(r, &addr);
		if (addr.family == ADDR_NONE)
			rd_fail(r);
		if (rd_ok(r))
			conf_set_add_neighbor(set, &addr);
		break;
	case CONF_SET_AS_PATH:
		pattern_get(r, set, strict);
		break;
	default:
		comm_get(r, kind, &comm);
		if (rd_ok(r))
			conf_set_add_comm(set, &comm);
	}
}

/* `n` of them. */
static void
members_get(struct rd *r, struct conf_set *set, uint32_t n, bool strict)
{
	if (n > CONF_SET_MAX - set->n)
		rd_fail(r);
	for (; n > 0 && rd_ok(r); n--)
		member_get(r, set, strict);
}

uint32_t
msg_conf_members_put(struct wr *w, const struct conf_set *set, uint32_t from)
{
	const size_t start = wr_len(w), at = wr_skip(w, 2);
	uint32_t i;

	for (i = from; i < set->n && i - from < UINT16_MAX && wr_ok(w) &&
	     wr_len(w) - start < CONF_ITEM_LEN;
	     i++)
		member_put(w, set, i);
	wr_patch16(w, at, (uint16_t)(i - from));
	return i;
}

void
msg_conf_members_get(struct rd *r, struct conf_set *set)
{
	members_get(r, set, rd_n16(r), true);
}

/* A name as the rules of the configuration allow it. */
static char *
get_name(struct rd *r)
{
	char *name = rd_str(r);

	if (name != NULL && (*name == '\0' || strlen(name) > CONF_NAME_MAX)) {
		rd_fail(r);
		free(name);
		return NULL;
	}
	return name;
}

void
msg_conf_set_put(struct wr *w, const struct conf_set *set, bool reuse)
{
	wr_n8(w, set->kind);
	wr_str(w, set->name);
	wr_n64(w, set->serial);
	put_bool(w, reuse);
	if (reuse)
		return;
	wr_n8(w, set->origin);
	put_bool(w, set->over_file);
	wr_n32(w, set->line);
}

struct conf_set *
msg_conf_set_get(struct rd *r, const struct conf *running, bool *fresh)
{
	const enum conf_set_kind kind =
	    (enum conf_set_kind)get_enum(r, CONF_SET__MAX - 1);
	char *name = get_name(r);
	const uint64_t serial = rd_n64(r);
	struct conf_set *set = NULL;

	*fresh = !get_bool(r);
	if (rd_ok(r) && *fresh) {
		set = conf_set_new(kind, name);
		set->serial = serial;
		set->origin = get_enum(r, CONF_FROM_API);
		set->over_file = get_bool(r);
		set->line = rd_n32(r);
	} else if (rd_ok(r)) {
		if (running != NULL)
			set = conf_set_find(running, kind, name);
		if (set == NULL || set->serial != serial) {
			rd_fail(r);
			set = NULL;
		} else {
			conf_set_ref(set);
		}
	}
	free(name);
	if (!rd_ok(r)) {
		conf_set_unref(set);
		return NULL;
	}
	return set;
}

/* --- policies */

static void
numbers_put(struct wr *w, const struct conf_numbers *n)
{
	put_bool(w, n->given);
	if (!n->given)
		return;
	wr_n32(w, n->min);
	wr_n32(w, n->max);
}

static void
numbers_get(struct rd *r, struct conf_numbers *n)
{
	n->given = get_bool(r);
	if (!n->given)
		return;
	n->min = rd_n32(r);
	n->max = rd_n32(r);
	if (n->min > n->max)
		rd_fail(r);
}

/* A set of bits, none of them but those in `all`. */
static uint8_t
get_bits(struct rd *r, uint8_t all)
{
	uint8_t v = rd_n8(r);

	if ((v & ~all) != 0)
		rd_fail(r);
	return v;
}

#define ROUTE_TYPES (CONF_ROUTE_EBGP | CONF_ROUTE_IBGP | CONF_ROUTE_LOCAL)
#define ORIGINS                                                                \
	(1u << BGP_ORIGIN_IGP | 1u << BGP_ORIGIN_EGP |                         \
	    1u << BGP_ORIGIN_INCOMPLETE)
#define SAYS (CONF_SAYS_ACCEPT | CONF_SAYS_REJECT | CONF_SAYS_CONTINUE)

static void
conditions_put(struct wr *w, const struct conf_conditions *c)
{
	int i;

	for (i = 0; i < CONF_SET__MAX; i++) {
		put_optional(w, c->match[i].set);
		if (c->match[i].set != NULL)
			wr_n8(w, c->match[i].option);
	}
	put_bool(w, c->has_prefix);
	if (c->has_prefix)
		nlri_put(w, &c->prefix);
	addr_put(w, &c->neighbor);
	put_bool(w, c->has_asn);
	if (c->has_asn)
		wr_n32(w, c->asn);
	wr_n8(w, c->route_types);
	put_bool(w, c->has_community);
	if (c->has_community)
		comm_put(w, CONF_SET_COMMUNITY, &c->community);
	wr_n32(w, c->families);
	put_bool(w, c->has_next_hop);
	if (c->has_next_hop)
		nlri_put(w, &c->next_hop);
	wr_n8(w, c->origins);
	numbers_put(w, &c->med);
	numbers_put(w, &c->local_pref);
	numbers_put(w, &c->as_path_len);
}

static void
conditions_get(struct rd *r, struct conf_conditions *c, bool strict)
{
	int i;

	for (i = 0; i < CONF_SET__MAX; i++) {
		if (!get_bool(r))
			continue;
		c->match[i].set = strict ? get_name(r) : rd_str(r);
		c->match[i].option = get_enum(r, CONF_MATCH_INVERT);
	}
	c->has_prefix = get_bool(r);
	if (c->has_prefix)
		nlri_get(r, &c->prefix);
	addr_get(r, &c->neighbor);
	c->has_asn = get_bool(r);
	if (c->has_asn)
		c->asn = rd_n32(r);
	c->route_types = get_bits(r, ROUTE_TYPES);
	c->has_community = get_bool(r);
	if (c->has_community)
		comm_get(r, CONF_SET_COMMUNITY, &c->community);
	c->families = rd_n32(r);
	if ((c->families & ~(uint32_t)FAMILY_ALL) != 0)
		rd_fail(r);
	c->has_next_hop = get_bool(r);
	if (c->has_next_hop)
		nlri_get(r, &c->next_hop);
	c->origins = get_bits(r, ORIGINS);
	numbers_get(r, &c->med);
	numbers_get(r, &c->local_pref);
	numbers_get(r, &c->as_path_len);
}

static void
comm_edit_put(struct wr *w, const struct conf_comm_edit *edit)
{
	uint32_t i;

	wr_n8(w, edit->kind);
	wr_n8(w, edit->op);
	wr_n32(w, edit->n);
	for (i = 0; i < edit->n; i++)
		comm_put(w, (enum conf_set_kind)edit->kind, &edit->list[i]);
}

/* `*left` counts what all edits of a statement may still have. */
static void
comm_edit_get(struct rd *r, struct conf_actions *a, size_t *left)
{
	const uint8_t kind = get_enum(r, CONF_SET__MAX - 1);
	const uint8_t op = get_enum(r, CONF_COMM_REPLACE);
	const uint32_t n = rd_n32(r);
	struct conf_comm *list;
	uint32_t i;

	if (conf_comm_len((enum conf_set_kind)kind) == 0 || n > *left)
		rd_fail(r);
	if (!rd_ok(r))
		return;
	*left -= n;
	list = xcalloc(n == 0 ? 1 : n, sizeof(*list));
	for (i = 0; i < n && rd_ok(r); i++) {
		comm_get(r, (enum conf_set_kind)kind, &list[i]);
		if (op != CONF_COMM_REMOVE &&
		    !conf_comm_is_exact((enum conf_set_kind)kind, &list[i]))
			rd_fail(r);
	}
	if (rd_ok(r))
		conf_actions_add_edit(a, (enum conf_set_kind)kind,
		    (enum conf_comm_op)op, list, n);
	free(list);
}

static void
actions_put(struct wr *w, const struct conf_actions *a)
{
	uint32_t i;

	wr_n8(w, a->says);
	wr_n8(w, a->local_pref_op);
	wr_n32(w, a->local_pref);
	wr_n8(w, a->med_op);
	wr_n32(w, a->med);
	wr_n8(w, a->next_hop_op);
	addr_put(w, &a->next_hop);
	put_bool(w, a->has_origin);
	wr_n8(w, a->origin);
	wr_n8(w, a->prepend);
	wr_n32(w, a->prepend_as);
	wr_n32(w, a->n_edits);
	for (i = 0; i < a->n_edits; i++)
		comm_edit_put(w, &a->edits[i]);
	put_bool(w, a->deletes);
	if (a->deletes)
		wr_copy(w, a->delete_attrs, sizeof(a->delete_attrs));
}

static void
deletes_get(struct rd *r, struct conf_actions *a)
{
	unsigned int type;
	bool any = false;

	a->deletes = get_bool(r);
	if (!a->deletes)
		return;
	rd_copy(r, a->delete_attrs, sizeof(a->delete_attrs));
	for (type = 0; type < 256; type++) {
		if ((a->delete_attrs[type / 8] & 1u << type % 8) == 0)
			continue;
		any = true;
		if (!conf_attr_is_deletable((uint8_t)type))
			rd_fail(r);
	}
	if (!any)
		rd_fail(r);
}

/* Numbers that an operation does not use are zero. */
static void
actions_get(struct rd *r, struct conf_actions *a, bool strict)
{
	/* A community takes five bytes at least. */
	size_t left = strict ? CONF_COMM_EDIT_MAX : rd_left(r) / 5;
	uint32_t n;

	a->says = get_bits(r, SAYS);
	a->local_pref_op = get_enum(r, CONF_LOCAL_PREF_FILL);
	a->local_pref = rd_n32(r);
	a->med_op = get_enum(r, CONF_MED_REMOVE);
	a->med = rd_n32(r);
	a->next_hop_op = get_enum(r, CONF_NEXT_HOP_SELF);
	addr_get(r, &a->next_hop);
	a->has_origin = get_bool(r);
	a->origin = get_enum(r, BGP_ORIGIN_INCOMPLETE);
	a->prepend = get_enum(r, strict ? CONF_PREPEND_MAX : UINT8_MAX);
	a->prepend_as = rd_n32(r);
	if (((a->says & CONF_SAYS_CONTINUE) && a->says != CONF_SAYS_CONTINUE) ||
	    (a->local_pref_op == CONF_LOCAL_PREF_KEEP && a->local_pref != 0) ||
	    ((a->med_op == CONF_MED_KEEP || a->med_op == CONF_MED_REMOVE) &&
		a->med != 0) ||
	    (a->next_hop_op == CONF_NEXT_HOP_SET) !=
		(a->next_hop.family != ADDR_NONE) ||
	    (!a->has_origin && a->origin != 0) ||
	    (a->prepend == 0 && a->prepend_as != 0))
		rd_fail(r);
	n = rd_n32(r);
	if (strict && n > CONF_COMM_EDITS_MAX)
		rd_fail(r);
	for (; n > 0 && rd_ok(r); n--)
		comm_edit_get(r, a, &left);
	deletes_get(r, a);
}

void
msg_conf_statement_put(struct wr *w, const struct conf_statement *st)
{
	put_optional(w, st->name);
	conditions_put(w, &st->conditions);
	actions_put(w, &st->actions);
}

static void
statement_get(struct rd *r, struct conf_policy *p, bool strict)
{
	struct conf_statement *st;
	char *name = get_optional(r);

	if (strict &&
	    (p->n >= CONF_STATEMENTS_MAX ||
		(name != NULL && strlen(name) > CONF_NAME_MAX)))
		rd_fail(r);
	if (rd_ok(r)) {
		st = conf_policy_add_statement(p, name);
		conditions_get(r, &st->conditions, strict);
		actions_get(r, &st->actions, strict);
		if (!rd_ok(r)) {
			conf_statement_fini(st);
			p->n--;
		}
	}
	free(name);
}

void
msg_conf_statement_get(struct rd *r, struct conf_policy *p)
{
	statement_get(r, p, true);
}

void
msg_conf_policy_put(struct wr *w, const struct conf_policy *p, bool reuse)
{
	wr_str(w, p->name);
	wr_n64(w, p->serial);
	put_bool(w, reuse);
	if (reuse)
		return;
	wr_n8(w, p->origin);
	put_bool(w, p->over_file);
	wr_n32(w, p->line);
}

struct conf_policy *
msg_conf_policy_get(struct rd *r, const struct conf *running, bool *fresh)
{
	char *name = get_name(r);
	const uint64_t serial = rd_n64(r);
	struct conf_policy *p = NULL;

	*fresh = !get_bool(r);
	if (rd_ok(r) && *fresh) {
		p = conf_policy_new(name);
		p->serial = serial;
		p->origin = get_enum(r, CONF_FROM_API);
		p->over_file = get_bool(r);
		p->line = rd_n32(r);
	} else if (rd_ok(r)) {
		if (running != NULL)
			p = conf_policy_find(running, name);
		if (p == NULL || p->serial != serial) {
			rd_fail(r);
			p = NULL;
		} else {
			conf_policy_ref(p);
		}
	}
	free(name);
	if (!rd_ok(r)) {
		conf_policy_unref(p);
		return NULL;
	}
	return p;
}

/* --- the receiver */

void
conf_rx_begin(struct conf_rx *rx, const struct conf *running,
    uint32_t generation)
{
	conf_rx_abort(rx);
	rx->next = conf_new();
	rx->next->generation = generation;
	rx->running = running;
}

static void
rx_endpoint(struct conf *c, struct rd *r, uint16_t n,
    void (*append)(struct conf *, const struct conf_endpoint *))
{
	struct conf_endpoint e;

	msg_conf_endpoint_get(r, &e);
	if (n == UINT16_MAX)
		rd_fail(r);
	if (rd_ok(r))
		append(c, &e);
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

/* In order, so that none comes twice. */
static void
rx_set(struct conf_rx *rx, struct rd *r)
{
	struct conf *c = rx->next;
	const struct conf_set *last;
	struct conf_set *set;
	bool fresh;

	set = msg_conf_set_get(r, rx->running, &fresh);
	if (set == NULL)
		return;
	last = c->n_sets == 0 ? NULL : c->sets[c->n_sets - 1];
	if (last != NULL &&
	    (last->kind > set->kind ||
		(last->kind == set->kind &&
		    strcmp(last->name, set->name) >= 0))) {
		rd_fail(r);
		conf_set_unref(set);
		return;
	}
	conf_set_put(c, set);
	rx->set = fresh ? set : NULL;
}

static void
rx_policy(struct conf_rx *rx, struct rd *r)
{
	struct conf *c = rx->next;
	struct conf_policy *p;
	bool fresh;

	p = msg_conf_policy_get(r, rx->running, &fresh);
	if (p == NULL)
		return;
	if (c->n_policies > 0 &&
	    strcmp(c->policies[c->n_policies - 1]->name, p->name) >= 0) {
		rd_fail(r);
		conf_policy_unref(p);
		return;
	}
	conf_policy_put(c, p);
	rx->policy = fresh ? p : NULL;
}

static void
rx_members(struct conf_rx *rx, struct rd *r)
{
	if (rx->set == NULL)
		rd_fail(r);
	else
		msg_conf_members_get(r, rx->set);
}

static void
rx_statement(struct conf_rx *rx, struct rd *r)
{
	if (rx->policy == NULL)
		rd_fail(r);
	else
		msg_conf_statement_get(r, rx->policy);
}

static void
rx_one(struct conf_rx *rx, struct rd *r)
{
	const enum conf_item kind = (enum conf_item)rd_n8(r);
	struct conf *c = rx->next;

	if (kind != CONF_ITEM_SET_MEMBERS)
		rx->set = NULL;
	if (kind != CONF_ITEM_STATEMENT)
		rx->policy = NULL;
	switch (kind) {
	case CONF_ITEM_GLOBAL:
		msg_conf_global_get(r, c);
		break;
	case CONF_ITEM_LISTEN:
		rx_endpoint(c, r, c->n_listen, conf_listen_append);
		break;
	case CONF_ITEM_GRPC_LISTEN:
		rx_endpoint(c, r, c->n_grpc_listen, conf_grpc_listen_append);
		break;
	case CONF_ITEM_METRICS_LISTEN:
		rx_endpoint(c, r, c->n_metrics_listen,
		    conf_metrics_listen_append);
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
	case CONF_ITEM_SET:
		rx_set(rx, r);
		break;
	case CONF_ITEM_SET_MEMBERS:
		rx_members(rx, r);
		break;
	case CONF_ITEM_POLICY:
		rx_policy(rx, r);
		break;
	case CONF_ITEM_STATEMENT:
		rx_statement(rx, r);
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
		rx_one(rx, &r);
	while (rd_ok(&r) && rd_left(&r) > 0);
	return rd_ok(&r) ? 0 : -1;
}

struct conf *
conf_rx_take(struct conf_rx *rx)
{
	struct conf *c = rx->next;

	memset(rx, 0, sizeof(*rx));
	return c;
}

void
conf_rx_abort(struct conf_rx *rx)
{
	conf_free(rx->next);
	memset(rx, 0, sizeof(*rx));
}

/* --- edits */

void
conf_edit_fini(struct conf_edit *e)
{
	conf_peer_fini(&e->peer);
	conf_set_unref(e->set);
	free(e->name);
	conf_policy_unref(e->policy);
	conf_assignment_fini(&e->assignment);
	memset(e, 0, sizeof(*e));
}

static void
set_put(struct wr *w, const struct conf_set *set)
{
	uint32_t i;

	wr_n8(w, set->kind);
	wr_str(w, set->name);
	wr_n32(w, set->n);
	for (i = 0; i < set->n && wr_ok(w); i++)
		member_put(w, set, i);
}

static struct conf_set *
set_get(struct rd *r)
{
	const uint8_t kind = get_enum(r, CONF_SET__MAX - 1);
	char *name = rd_str(r);
	const uint32_t n = rd_n32(r);
	struct conf_set *set = NULL;

	if (rd_ok(r)) {
		set = conf_set_new((enum conf_set_kind)kind, name);
		members_get(r, set, n, false);
	}
	free(name);
	return set;
}

static void
policy_put(struct wr *w, const struct conf_policy *p)
{
	uint32_t i;

	wr_str(w, p->name);
	wr_n32(w, p->n);
	for (i = 0; i < p->n && wr_ok(w); i++)
		msg_conf_statement_put(w, &p->statements[i]);
}

static struct conf_policy *
policy_get(struct rd *r)
{
	char *name = rd_str(r);
	uint32_t n = rd_n32(r);
	struct conf_policy *p = NULL;

	if (rd_ok(r)) {
		p = conf_policy_new(name);
		for (; n > 0 && rd_ok(r); n--)
			statement_get(r, p, false);
	}
	free(name);
	return p;
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
	case CONF_EDIT_SET_ADD:
		put_bool(w, e->replace);
		set_put(w, e->set);
		break;
	case CONF_EDIT_SET_REMOVE:
		wr_n8(w, e->set_kind);
		put_bool(w, e->all);
		if (!e->all)
			wr_str(w, e->name);
		break;
	case CONF_EDIT_POLICY_ADD:
		policy_put(w, e->policy);
		break;
	case CONF_EDIT_POLICY_REMOVE:
		wr_str(w, e->name);
		break;
	case CONF_EDIT_ASSIGN:
		addr_put(w, &e->peer.addr);
		wr_n8(w, e->direction);
		assignment_put(w, &e->assignment);
		break;
	case CONF_EDIT_BMP_ADD:
	case CONF_EDIT_BMP_REMOVE:
		msg_conf_bmp_server_put(w, &e->bmp);
		break;
	}
}

static void
edit_addr_get(struct rd *r, struct conf_edit *e)
{
	addr_get(r, &e->peer.addr);
	if (e->peer.addr.family == ADDR_NONE)
		rd_fail(r);
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
		edit_addr_get(r, e);
		break;
	case CONF_EDIT_SET_ADD:
		e->replace = get_bool(r);
		e->set = set_get(r);
		break;
	case CONF_EDIT_SET_REMOVE:
		e->set_kind = get_enum(r, CONF_SET__MAX - 1);
		e->all = get_bool(r);
		if (!e->all)
			e->name = rd_str(r);
		break;
	case CONF_EDIT_POLICY_ADD:
		e->policy = policy_get(r);
		break;
	case CONF_EDIT_POLICY_REMOVE:
		e->name = rd_str(r);
		break;
	case CONF_EDIT_ASSIGN:
		edit_addr_get(r, e);
		e->direction = get_enum(r, CONF_DIRECTION__MAX - 1);
		assignment_get(r, &e->assignment);
		break;
	case CONF_EDIT_BMP_ADD:
	case CONF_EDIT_BMP_REMOVE:
		msg_conf_bmp_server_get(r, &e->bmp);
		break;
	}
	if (!rd_ok(r))
		conf_edit_fini(e);
}

void
msg_conf_edit_cut(const struct wr *w,
    void (*send)(void *ctx, bool last, const uint8_t *, size_t), void *ctx)
{
	const uint8_t *p = w->base;
	size_t left = wr_len(w);

	for (; left > MSG_MAX; p += MSG_MAX, left -= MSG_MAX)
		send(ctx, false, p, MSG_MAX);
	send(ctx, true, p, left);
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
