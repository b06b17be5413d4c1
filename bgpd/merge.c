/* SPDX-License-Identifier: ISC */
/*
 * What a change makes of the configuration: edits through the API, and the
 * file read anew beside the objects of the API.  Pure: these make models and
 * findings, reload.c carries them out.
 *
 * Sets and policies are shared between models.  One that comes to equal one
 * that is there already gives way to it, so that a serial changes with the
 * contents only; what is put anew gets the next serial.
 */
#include "bgpd/bgpd.h"

#include <string.h>

#include "common/policy_text.h"

void
models_free(struct models *m)
{
	conf_free(m->conf);
	conf_free(m->removed);
	conf_free(m->file);
	memset(m, 0, sizeof(*m));
}

/* --- edits */

/* What the file's schema bounds must hold for the API too. */
static int
assignment_check(const struct conf *c, const struct conf_assignment *a,
    struct err *e)
{
	uint16_t i;

	if (a->n > CONF_POLICIES_MAX)
		return err_set(e, ERR_INVALID, "more than %d policies",
		    CONF_POLICIES_MAX);
	for (i = 0; i < a->n; i++) {
		if (conf_policy_find(c, a->policies[i]) == NULL)
			return err_set(e, ERR_NOT_FOUND,
			    "policy %.200s not found", a->policies[i]);
	}
	return 0;
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

static int
edit_peer_add(struct models *next, const char *file_name,
    const struct conf_peer *p, struct err *e)
{
	const struct conf_peer *old = conf_peer_find(next->conf, &p->addr);
	struct conf_peer peer;
	char text[ADDR_STRLEN];
	int d;

	addr_str(&p->addr, text);
	if (old != NULL && old->origin == CONF_FROM_FILE)
		return err_set(e, ERR_EXISTS,
		    "peer %s already exists (from %s line %u)", text, file_name,
		    old->line);
	if (old != NULL)
		return err_set(e, ERR_EXISTS, "peer %s already exists", text);
	if (addr_is_unspecified(&p->addr) || addr_is_multicast(&p->addr) ||
	    p->port == 0)
		return err_set(e, ERR_INVALID, "%s cannot be a peer", text);
	for (d = 0; d < CONF_DIRECTION__MAX; d++) {
		if (assignment_check(next->conf, &p->policy[d], e) == -1)
			return -1;
	}
	conf_peer_copy(&peer, p);
	peer.origin = CONF_FROM_API;
	peer.line = 0;
	conf_peer_add(next->conf, &peer);
	conf_peer_fini(&peer);
	return 0;
}

static int
edit_peer_remove(struct models *next, const struct addr *addr, struct err *e)
{
	const struct conf_peer *old = conf_peer_find(next->conf, addr);
	const struct conf_peer *in_file = conf_peer_find(next->file, addr);
	char text[ADDR_STRLEN];

	if (old == NULL)
		return err_set(e, ERR_NOT_FOUND, "peer %s not found",
		    addr_str(addr, text));
	if (old->origin == CONF_FROM_FILE && in_file != NULL &&
	    conf_peer_find(next->removed, addr) == NULL)
		conf_peer_add(next->removed, in_file);
	conf_peer_remove(next->conf, addr);
	return 0;
}

static int
patterns_check(const struct conf_set *set, struct err *e)
{
	uint32_t i;
	size_t n;

	for (i = 0; i < set->n; i++) {
		n = strlen(set->patterns[i]);
		if (n == 0 || n > CONF_PATTERN_MAX)
			return err_set(e, ERR_INVALID,
			    "as-path-set %.200s: pattern %u is %s", set->name,
			    i + 1, n == 0 ? "empty" : "too long");
	}
	return 0;
}

static int
edit_set_add(struct models *next, uint64_t *serial, const char *file_name,
    const struct conf_edit *change, struct err *e)
{
	struct conf_set *set = change->set, *old, *in_file;
	const enum conf_set_kind kind = (enum conf_set_kind)set->kind;
	const char *what = conf_set_kind_text(kind);

	if (policy_name_check(what, set->name, e) == -1 ||
	    (kind == CONF_SET_AS_PATH && patterns_check(set, e) == -1))
		return -1;
	old = conf_set_find(next->conf, kind, set->name);
	if (old != NULL && !change->replace && old->origin == CONF_FROM_FILE)
		return err_set(e, ERR_EXISTS,
		    "%s %.200s already exists (from %s line %u)", what,
		    set->name, file_name, old->line);
	if (old != NULL && !change->replace)
		return err_set(e, ERR_EXISTS, "%s %.200s already exists", what,
		    set->name);
	if (old != NULL && conf_set_equal(old, set))
		return 0;
	in_file = conf_set_find(next->file, kind, set->name);
	conf_set_remove(next->removed, kind, set->name);
	if (in_file != NULL && conf_set_equal(in_file, set)) {
		conf_set_put(next->conf, conf_set_ref(in_file));
		return 0;
	}
	set->origin = CONF_FROM_API;
	set->over_file = in_file != NULL;
	set->line = 0;
	set->serial = ++*serial;
	conf_set_put(next->conf, conf_set_ref(set));
	return 0;
}

static int
set_unused(const struct conf *c, enum conf_set_kind kind, const char *name,
    struct err *e)
{
	const struct conf_policy *user = conf_set_user(c, kind, name);

	if (user == NULL)
		return 0;
	return err_set(e, ERR_PRECONDITION,
	    "cannot remove %s %.200s: referenced by policy %.200s",
	    conf_set_kind_text(kind), name, user->name);
}

static void
set_take_away(struct models *next, enum conf_set_kind kind, const char *name)
{
	struct conf_set *in_file = conf_set_find(next->file, kind, name);

	if (in_file != NULL)
		conf_set_put(next->removed, conf_set_ref(in_file));
	conf_set_remove(next->conf, kind, name);
}

/* All of a kind, or none where one of them is used. */
static int
edit_sets_remove(struct models *next, enum conf_set_kind kind, struct err *e)
{
	struct conf *c = next->conf;
	uint32_t i;

	for (i = 0; i < c->n_sets; i++) {
		if (c->sets[i]->kind == kind &&
		    set_unused(c, kind, c->sets[i]->name, e) == -1)
			return -1;
	}
	for (i = c->n_sets; i-- > 0;) {
		if (c->sets[i]->kind == kind)
			set_take_away(next, kind, c->sets[i]->name);
	}
	return 0;
}

static int
edit_set_remove(struct models *next, const struct conf_edit *change,
    struct err *e)
{
	const enum conf_set_kind kind = (enum conf_set_kind)change->set_kind;

	if (change->all)
		return edit_sets_remove(next, kind, e);
	if (conf_set_find(next->conf, kind, change->name) == NULL)
		return 0;
	if (set_unused(next->conf, kind, change->name, e) == -1)
		return -1;
	set_take_away(next, kind, change->name);
	return 0;
}

/* Are the sets of every statement there?  If not, which one of which. */
static int
policy_check(const struct conf *c, const struct conf_policy *p, struct err *e)
{
	const struct conf_statement *st;
	const char *set;
	uint32_t i;
	int kind;

	for (i = 0; i < p->n; i++) {
		st = &p->statements[i];
		for (kind = 0; kind < CONF_SET__MAX; kind++) {
			set = st->conditions.match[kind].set;
			if (set == NULL ||
			    conf_set_find(c, (enum conf_set_kind)kind, set) !=
				NULL)
				continue;
			return err_set(e, ERR_NOT_FOUND,
			    "%s %.200s not found (policy %.200s, statement "
			    "%u%s%.200s)",
			    conf_set_kind_text((enum conf_set_kind)kind), set,
			    p->name, i + 1, st->name == NULL ? "" : " ",
			    st->name == NULL ? "" : st->name);
		}
	}
	return 0;
}

/* The bounds of a statement, as the file's schema holds them. */
static int
statement_check(const struct conf_statement *st, struct err *e)
{
	const struct conf_actions *a = &st->actions;
	uint64_t communities = 0;
	const char *p;
	uint32_t i;

	for (p = st->name == NULL ? "" : st->name; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_set(e, ERR_INVALID,
			    "its name has control characters");
	}
	if (st->name != NULL && strlen(st->name) > CONF_NAME_MAX)
		return err_set(e, ERR_INVALID,
		    "its name is longer than %d bytes", CONF_NAME_MAX);
	if (a->prepend > CONF_PREPEND_MAX)
		return err_set(e, ERR_INVALID, "prepends more than %u numbers",
		    CONF_PREPEND_MAX);
	for (i = 0; i < a->n_edits; i++)
		communities += a->edits[i].n;
	if (a->n_edits > CONF_COMM_EDITS_MAX ||
	    communities > CONF_COMM_EDIT_MAX)
		return err_set(e, ERR_INVALID,
		    "more than %u actions on communities, or %u communities",
		    CONF_COMM_EDITS_MAX, CONF_COMM_EDIT_MAX);
	return 0;
}

static int
policy_bounds_check(const struct conf_policy *p, struct err *e)
{
	struct err why;
	uint32_t i;

	if (p->n > CONF_STATEMENTS_MAX)
		return err_set(e, ERR_INVALID,
		    "policy %.200s: more than %u statements", p->name,
		    CONF_STATEMENTS_MAX);
	for (i = 0; i < p->n; i++) {
		if (statement_check(&p->statements[i], &why) == -1)
			return err_set(e, why.code,
			    "policy %.200s, statement %u: %.200s", p->name,
			    i + 1, why.text);
	}
	return 0;
}

static int
edit_policy_add(struct models *next, uint64_t *serial, struct conf_policy *p,
    struct err *e)
{
	struct conf_policy *old, *in_file;

	if (policy_name_check("policy", p->name, e) == -1 ||
	    policy_bounds_check(p, e) == -1 ||
	    policy_check(next->conf, p, e) == -1)
		return -1;
	old = conf_policy_find(next->conf, p->name);
	if (old != NULL && conf_policy_equal(old, p))
		return 0;
	in_file = conf_policy_find(next->file, p->name);
	conf_policy_remove(next->removed, p->name);
	if (in_file != NULL && conf_policy_equal(in_file, p)) {
		conf_policy_put(next->conf, conf_policy_ref(in_file));
		return 0;
	}
	p->origin = CONF_FROM_API;
	p->over_file = in_file != NULL;
	p->line = 0;
	p->serial = ++*serial;
	conf_policy_put(next->conf, conf_policy_ref(p));
	return 0;
}

static bool
assignment_has(const struct conf_assignment *a, const char *policy)
{
	uint16_t i;

	for (i = 0; i < a->n; i++) {
		if (strcmp(a->policies[i], policy) == 0)
			return true;
	}
	return false;
}

/* The first peer that has it assigned, NULL if none has. */
static const struct conf_peer *
policy_user(const struct conf *c, const char *policy)
{
	const struct conf_peer *p;
	uint32_t i;

	for (i = 0; i < c->n_peers; i++) {
		p = &c->peers[i];
		if (assignment_has(&p->policy[CONF_IMPORT], policy) ||
		    assignment_has(&p->policy[CONF_EXPORT], policy))
			return p;
	}
	return NULL;
}

static int
edit_policy_remove(struct models *next, const char *name, struct err *e)
{
	struct conf_policy *in_file = conf_policy_find(next->file, name);
	const struct conf_peer *user;
	char text[ADDR_STRLEN];

	if (conf_policy_find(next->conf, name) == NULL)
		return 0;
	user = policy_user(next->conf, name);
	if (user != NULL)
		return err_set(e, ERR_PRECONDITION,
		    "policy %.200s is assigned to peer %s", name,
		    addr_str(&user->addr, text));
	if (in_file != NULL)
		conf_policy_put(next->removed, conf_policy_ref(in_file));
	conf_policy_remove(next->conf, name);
	return 0;
}

/* Of a model of ours. */
static void
assignment_set(struct conf *c, const struct conf_peer *p, int direction,
    const struct conf_assignment *a)
{
	struct conf_assignment *to = &c->peers[p - c->peers].policy[direction];

	conf_assignment_fini(to);
	conf_assignment_copy(to, a);
	to->runtime = true;
}

static int
edit_assign(struct models *next, const struct conf_edit *change, struct err *e)
{
	const struct conf_peer *p =
	    conf_peer_find(next->conf, &change->peer.addr);
	char text[ADDR_STRLEN];

	if (p == NULL)
		return err_set(e, ERR_NOT_FOUND, "peer %s not found",
		    addr_str(&change->peer.addr, text));
	if (assignment_check(next->conf, &change->assignment, e) == -1)
		return -1;
	assignment_set(next->conf, p, change->direction, &change->assignment);
	return 0;
}

int
edit_apply(struct models *next, uint64_t *serial, const char *file_name,
    const struct conf_edit *change, struct err *e)
{
	switch ((enum conf_edit_op)change->op) {
	case CONF_EDIT_PEER_ADD:
		return edit_peer_add(next, file_name, &change->peer, e);
	case CONF_EDIT_PEER_REMOVE:
		return edit_peer_remove(next, &change->peer.addr, e);
	case CONF_EDIT_SET_ADD:
		return edit_set_add(next, serial, file_name, change, e);
	case CONF_EDIT_SET_REMOVE:
		return edit_set_remove(next, change, e);
	case CONF_EDIT_POLICY_ADD:
		return edit_policy_add(next, serial, change->policy, e);
	case CONF_EDIT_POLICY_REMOVE:
		return edit_policy_remove(next, change->name, e);
	case CONF_EDIT_ASSIGN:
		return edit_assign(next, change, e);
	case CONF_EDIT_BMP_ADD:
		return bmp_add(next->conf, file_name, &change->bmp, e);
	case CONF_EDIT_BMP_REMOVE:
		return bmp_remove(next->conf, next->removed, &change->bmp, e);
	}
	return err_set(e, ERR_INTERNAL, "edit %u is unknown", change->op);
}

/* --- the file read anew */

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

/* Runtime assignments to peers of the file hold until it changes theirs. */
static void
merge_assignments(const struct models *now, struct models *next,
    const struct conf_peer *in_file)
{
	const struct conf_peer *before, *p;
	int d;

	before = conf_peer_find(now->file, &in_file->addr);
	p = conf_peer_find(now->conf, &in_file->addr);
	if (before == NULL || p == NULL || p->origin != CONF_FROM_FILE)
		return;
	for (d = 0; d < CONF_DIRECTION__MAX; d++) {
		if (p->policy[d].runtime &&
		    conf_assignment_equal(&before->policy[d],
			&in_file->policy[d]))
			assignment_set(next->conf, in_file, d, &p->policy[d]);
	}
}

/* BMP servers: as for peers, but what is the same in both is the file's. */
static void
merge_bmp(struct loaded *l, const struct models *now, struct models *models)
{
	const struct conf *running = now->conf, *removed = now->removed;
	struct conf *next = models->conf, *still = models->removed;
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

static void
merge_peers(struct loaded *l, const struct models *now, struct models *next)
{
	const struct conf_peer *p, *in_file;
	char text[ADDR_STRLEN];
	uint32_t i;

	for (i = 0; i < now->removed->n_peers; i++) {
		p = &now->removed->peers[i];
		in_file = conf_peer_find(next->conf, &p->addr);
		if (in_file == NULL || !conf_peer_equal(in_file, p))
			continue;
		conf_peer_add(next->removed, p);
		conf_peer_remove(next->conf, &p->addr);
	}
	for (i = 0; i < next->conf->n_peers; i++)
		merge_assignments(now, next, &next->conf->peers[i]);
	for (i = 0; i < now->conf->n_peers; i++) {
		p = &now->conf->peers[i];
		if (p->origin != CONF_FROM_API)
			continue;
		in_file = conf_peer_find(next->conf, &p->addr);
		if (in_file == NULL)
			conf_peer_add(next->conf, p);
		else
			diag_error(&l->diags, in_file->line, 1,
			    "address: peer %s is there through the API "
			    "already; remove it there or here",
			    addr_str(&p->addr, text));
	}
}

/* One of the file, or the one that it equals; a reference. */
static struct conf_set *
set_settle(struct conf_set *set, const struct models *now, uint64_t *serial)
{
	const enum conf_set_kind kind = (enum conf_set_kind)set->kind;
	struct conf_set *old;

	old = now == NULL ? NULL : conf_set_find(now->file, kind, set->name);
	if (old != NULL && conf_set_equal(old, set)) {
		old->line = set->line;
		return conf_set_ref(old);
	}
	set->serial = ++*serial;
	return conf_set_ref(set);
}

static void
merge_set(struct loaded *l, const struct models *now, struct models *next,
    struct conf_set *set)
{
	const enum conf_set_kind kind = (enum conf_set_kind)set->kind;
	struct conf_set *old = conf_set_find(now->conf, kind, set->name);
	/* The file has the object that it had: runtime changes hold. */
	const bool same = conf_set_find(now->file, kind, set->name) == set;

	if (old != NULL && old->origin == CONF_FROM_API && !old->over_file) {
		diag_error(&l->diags, set->line, 1,
		    "name: %s %.200s is there through the API already; remove "
		    "it there or here",
		    conf_set_kind_text(kind), set->name);
	} else if (same && old != NULL && old->origin == CONF_FROM_API) {
		conf_set_put(next->conf, conf_set_ref(old));
	} else if (same &&
	    conf_set_find(now->removed, kind, set->name) != NULL) {
		conf_set_put(next->removed, conf_set_ref(set));
		conf_set_remove(next->conf, kind, set->name);
	} else {
		conf_set_put(next->conf, conf_set_ref(set));
	}
}

static void
merge_sets(struct loaded *l, const struct models *now, struct models *next)
{
	struct conf_set *set;
	uint32_t i;

	for (i = 0; i < next->file->n_sets; i++)
		merge_set(l, now, next, next->file->sets[i]);
	for (i = 0; i < now->conf->n_sets; i++) {
		set = now->conf->sets[i];
		if (set->origin == CONF_FROM_API && !set->over_file &&
		    conf_set_find(next->file, (enum conf_set_kind)set->kind,
			set->name) == NULL)
			conf_set_put(next->conf, conf_set_ref(set));
	}
}

static struct conf_policy *
policy_settle(struct conf_policy *p, const struct models *now, uint64_t *serial)
{
	struct conf_policy *old;

	old = now == NULL ? NULL : conf_policy_find(now->file, p->name);
	if (old != NULL && conf_policy_equal(old, p)) {
		old->line = p->line;
		return conf_policy_ref(old);
	}
	p->serial = ++*serial;
	return conf_policy_ref(p);
}

static void
merge_policy(struct loaded *l, const struct models *now, struct models *next,
    struct conf_policy *p)
{
	struct conf_policy *old = conf_policy_find(now->conf, p->name);
	const bool same = conf_policy_find(now->file, p->name) == p;

	if (old != NULL && old->origin == CONF_FROM_API && !old->over_file) {
		diag_error(&l->diags, p->line, 1,
		    "name: policy %.200s is there through the API already; "
		    "remove it there or here",
		    p->name);
	} else if (same && old != NULL && old->origin == CONF_FROM_API) {
		conf_policy_put(next->conf, conf_policy_ref(old));
	} else if (same && conf_policy_find(now->removed, p->name) != NULL) {
		conf_policy_put(next->removed, conf_policy_ref(p));
		conf_policy_remove(next->conf, p->name);
	} else {
		conf_policy_put(next->conf, conf_policy_ref(p));
	}
}

static void
merge_policies(struct loaded *l, const struct models *now, struct models *next)
{
	struct conf_policy *p;
	uint32_t i;

	for (i = 0; i < next->file->n_policies; i++)
		merge_policy(l, now, next, next->file->policies[i]);
	for (i = 0; i < now->conf->n_policies; i++) {
		p = now->conf->policies[i];
		if (p->origin == CONF_FROM_API && !p->over_file &&
		    conf_policy_find(next->file, p->name) == NULL)
			conf_policy_put(next->conf, conf_policy_ref(p));
	}
}

/* What was removed comes back where the file began to name it. */
static void
merge_restore(struct models *next)
{
	struct conf *from = next->removed, *to = next->conf;
	struct conf_policy *p;
	struct conf_set *set;
	uint32_t i;

	for (i = from->n_policies; i-- > 0;) {
		p = from->policies[i];
		if (policy_user(to, p->name) == NULL)
			continue;
		conf_policy_put(to, conf_policy_ref(p));
		conf_policy_remove(from, p->name);
	}
	for (i = from->n_sets; i-- > 0;) {
		set = from->sets[i];
		if (conf_set_user(to, (enum conf_set_kind)set->kind,
			set->name) == NULL)
			continue;
		conf_set_put(to, conf_set_ref(set));
		conf_set_remove(from, (enum conf_set_kind)set->kind, set->name);
	}
}

/* What the file gave up may be in use by what came through the API. */
static void
merge_check_names(struct loaded *l, const struct conf *c)
{
	const struct conf_peer *p;
	char text[ADDR_STRLEN];
	struct err e;
	uint32_t i;
	int d;

	for (i = 0; i < c->n_policies; i++) {
		if (policy_check(c, c->policies[i], &e) == -1)
			diag_error(&l->diags, 1, 1,
			    "a policy of the API would miss a set: %s", e.text);
	}
	for (i = 0; i < c->n_peers; i++) {
		p = &c->peers[i];
		for (d = 0; d < CONF_DIRECTION__MAX; d++) {
			if (assignment_check(c, &p->policy[d], &e) == 0)
				continue;
			diag_error(&l->diags, 1, 1,
			    "peer %s has an assignment of the API that would "
			    "miss a policy: %s",
			    addr_str(&p->addr, text), e.text);
		}
	}
}

/* The objects of the file that the API may change or hide. */
static struct conf *
file_model(const struct conf *c, const struct models *now, uint64_t *serial)
{
	struct conf *file = conf_new();
	uint32_t i;

	for (i = 0; i < c->n_peers; i++)
		conf_peer_add(file, &c->peers[i]);
	for (i = 0; i < c->n_sets; i++)
		conf_set_put(file, set_settle(c->sets[i], now, serial));
	for (i = 0; i < c->n_policies; i++)
		conf_policy_put(file,
		    policy_settle(c->policies[i], now, serial));
	return file;
}

void
reload_start_from(struct loaded *l, uint64_t *serial, struct models *first)
{
	first->file = file_model(l->conf, NULL, serial);
	first->removed = conf_new();
	first->conf = l->conf;
	l->conf = NULL;
}

int
reload_merge(struct loaded *l, const struct models *now, uint64_t *serial,
    struct models *next)
{
	next->conf = conf_copy(l->conf);
	next->removed = conf_new();
	next->file = file_model(l->conf, now, serial);
	merge_fixed(l, now->conf);
	merge_peers(l, now, next);
	merge_bmp(l, now, next);
	merge_sets(l, now, next);
	merge_policies(l, now, next);
	merge_restore(next);
	if (l->diags.errors == 0)
		merge_check_names(l, next->conf);
	if (l->diags.errors == 0)
		return 0;
	models_free(next);
	return -1;
}

/* Serials of equal objects that came through the API: children that hold them
 * need not get them again. */
static void
adopt_serials(struct conf *c, const struct conf *now)
{
	const struct conf_policy *old_policy;
	const struct conf_set *old_set;
	uint32_t i;

	for (i = 0; i < c->n_sets; i++) {
		old_set = conf_set_find(now,
		    (enum conf_set_kind)c->sets[i]->kind, c->sets[i]->name);
		if (old_set != NULL && conf_set_equal(old_set, c->sets[i]))
			c->sets[i]->serial = old_set->serial;
	}
	for (i = 0; i < c->n_policies; i++) {
		old_policy = conf_policy_find(now, c->policies[i]->name);
		if (old_policy != NULL &&
		    conf_policy_equal(old_policy, c->policies[i]))
			c->policies[i]->serial = old_policy->serial;
	}
}

int
reload_adopt(struct loaded *l, const struct models *now, uint64_t *serial,
    struct models *next)
{
	merge_fixed(l, now->conf);
	if (l->diags.errors > 0)
		return -1;
	next->removed = conf_new();
	next->file = file_model(l->conf, NULL, serial);
	adopt_serials(next->file, now->conf);
	next->conf = conf_copy(l->conf);
	return 0;
}
