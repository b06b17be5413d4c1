/* SPDX-License-Identifier: ISC */
/* Compiling and sharing policies; see policy_store.h. */
#include "rde/policy_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xmalloc.h"
#include "rde/as_path_set.h"
#include "rde/attrs.h"
#include "rde/comm_set.h"
#include "rde/prefix_set.h"

enum {
	DIFF_MAX = 65536, /* members; more differ everywhere */
	BUCKETS = 1024,
	CAUSE_LEN = 2 * CONF_NAME_MAX + 64,
};

/* All sets and policies of a configuration, in its order. */
struct generation {
	struct policy_set **sets;
	uint32_t n_sets;
	struct policy **policies;
	uint32_t n_policies;
};

enum phase {
	PHASE_COUNT, /* of a prefix set */
	PHASE_MEMBERS,
	PHASE_DIFF_NEW,
	PHASE_DIFF_OLD,
};

struct build {
	const struct conf *conf; /* NULL: none */
	struct generation gen;
	enum phase phase; /* of the last set */
	uint32_t at; /* member, or statement of the last policy */
	bool open; /* the last set or policy is not complete */
};

struct entry { /* of the table of programs */
	struct policy_program program; /* first, see unref */
	struct entry *next;
};

struct policy_store {
	struct attrs_table *attrs;
	struct generation gen;
	struct build build;
	struct entry *buckets[BUCKETS];
	struct policy_store *origin; /* of a fork: numbers come from there */
	uint64_t limits; /* searches given up in sets that were replaced */
	uint32_t last_uid;
};

static uint32_t
uid_new(struct policy_store *st)
{
	while (st->origin != NULL)
		st = st->origin;
	return ++st->last_uid;
}

/* --- sets */

static struct policy_set *
set_new(struct conf_set *conf)
{
	struct policy_set *set = xcalloc(1, sizeof(*set));

	set->refs = 1;
	set->conf = conf_set_ref(conf);
	switch ((enum conf_set_kind)conf->kind) {
	case CONF_SET_PREFIX:
		set->prefixes = prefix_set_new();
		break;
	case CONF_SET_AS_PATH:
		set->paths = as_path_set_new();
		break;
	case CONF_SET_NEIGHBOR:
		set->neighbors = conf->n == 0 ?
		    NULL :
		    xmemdup(conf->neighbors, conf->n * sizeof(struct addr));
		break;
	default:
		set->comms = comm_set_new((enum conf_set_kind)conf->kind);
		break;
	}
	return set;
}

static struct policy_set *
set_ref(struct policy_set *set)
{
	set->refs++;
	return set;
}

static void
set_unref(struct policy_set *set)
{
	if (set == NULL || --set->refs > 0)
		return;
	switch ((enum conf_set_kind)set->conf->kind) {
	case CONF_SET_PREFIX:
		prefix_set_free(set->prefixes);
		break;
	case CONF_SET_AS_PATH:
		as_path_set_free(set->paths);
		break;
	case CONF_SET_NEIGHBOR:
		free(set->neighbors);
		break;
	default:
		comm_set_free(set->comms);
		break;
	}
	conf_set_unref(set->conf);
	free(set->diff);
	free(set);
}

static int
set_cmp(const struct policy_set *set, enum conf_set_kind kind, const char *name)
{
	if (set->conf->kind != kind)
		return set->conf->kind < kind ? -1 : 1;
	return strcmp(set->conf->name, name);
}

static struct policy_set *
set_find(const struct generation *gen, enum conf_set_kind kind,
    const char *name)
{
	uint32_t low = 0, high = gen->n_sets, mid;
	int c;

	while (low < high) {
		mid = low + (high - low) / 2;
		c = set_cmp(gen->sets[mid], kind, name);
		if (c == 0)
			return gen->sets[mid];
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static int
addr_order(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

static int
member_add(struct policy_set *set, uint32_t i, struct err *e)
{
	const struct conf_set *c = set->conf;

	switch ((enum conf_set_kind)c->kind) {
	case CONF_SET_PREFIX:
		prefix_set_add(set->prefixes, &c->prefixes[i]);
		return 0;
	case CONF_SET_AS_PATH:
		return as_path_set_add(set->paths, c->patterns[i], e);
	case CONF_SET_NEIGHBOR:
		if (i + 1 == c->n)
			qsort(set->neighbors, c->n, sizeof(struct addr),
			    addr_order);
		return 0;
	default:
		comm_set_add(set->comms, &c->comms[i]);
		return 0;
	}
}

/* --- what a prefix set has that its predecessor had not, or the other way
 * round */

static void
diff_add(struct policy_set *set, const struct nlri *nlri)
{
	if (set->before == NULL)
		return;
	if (set->n_diff == DIFF_MAX) {
		set->before = NULL;
		return;
	}
	if (set->n_diff == set->max_diff) {
		set->max_diff = set->max_diff == 0 ? 16 : set->max_diff * 2;
		set->diff =
		    xreallocarray(set->diff, set->max_diff, sizeof(*set->diff));
	}
	set->diff[set->n_diff++] = *nlri;
}

/* Members of one that the other has not, or has in another way. */
static void
diff_member(struct policy_set *set, const struct policy_set *old,
    const struct conf_set *of, uint32_t i)
{
	const struct nlri *nlri = &of->prefixes[i].nlri;

	if (!prefix_set_same_at(set->prefixes, old->prefixes, nlri))
		diff_add(set, nlri);
}

/* --- policies */

static struct policy *
policy_new(struct conf_policy *conf)
{
	struct policy *p = xcalloc(1, sizeof(*p));

	p->refs = 1;
	p->conf = conf_policy_ref(conf);
	if (conf->n > 0)
		p->statements = xcalloc(conf->n, sizeof(*p->statements));
	return p;
}

static struct policy *
policy_ref(struct policy *p)
{
	p->refs++;
	return p;
}

static void
statement_fini(struct policy_store *ps, struct policy_statement *st)
{
	uint32_t i;

	for (i = 0; i < CONF_SET__MAX; i++)
		set_unref(st->sets[i]);
	for (i = 0; st->removals != NULL && i < st->conf->actions.n_edits; i++)
		comm_set_free(st->removals[i]);
	free(st->removals);
	comm_set_free(st->community);
	attrs_unref(ps->attrs, st->cause, 1);
}

static void
policy_unref(struct policy_store *ps, struct policy *p)
{
	uint32_t i;

	if (p == NULL || --p->refs > 0)
		return;
	for (i = 0; i < p->n; i++)
		statement_fini(ps, &p->statements[i]);
	free(p->statements);
	conf_policy_unref(p->conf);
	free(p);
}

static bool
acts(const struct conf_actions *a)
{
	return a->local_pref_op != CONF_LOCAL_PREF_KEEP ||
	    a->med_op != CONF_MED_KEEP ||
	    a->next_hop_op != CONF_NEXT_HOP_KEEP || a->has_origin ||
	    a->prepend != 0 || a->n_edits != 0 || a->deletes;
}

/* "POLICY statement N (NAME)" */
static uint32_t
cause_of(struct policy_store *ps, const struct conf_policy *p, uint32_t i)
{
	const char *name = p->statements[i].name;
	char text[CAUSE_LEN];

	if (name != NULL && name[0] != '\0')
		snprintf(text, sizeof(text), "%s statement %u (%s)", p->name,
		    i + 1, name);
	else
		snprintf(text, sizeof(text), "%s statement %u", p->name, i + 1);
	return attrs_text(ps->attrs, text, 1);
}

static void
removals_make(struct policy_statement *st)
{
	const struct conf_actions *a = &st->conf->actions;
	const struct conf_comm_edit *edit;
	uint32_t i, j;

	if (a->n_edits == 0)
		return;
	st->removals = xcalloc(a->n_edits, sizeof(struct comm_set *));
	for (i = 0; i < a->n_edits; i++) {
		edit = &a->edits[i];
		if (edit->op != CONF_COMM_REMOVE)
			continue;
		st->removals[i] = comm_set_new((enum conf_set_kind)edit->kind);
		for (j = 0; j < edit->n; j++)
			comm_set_add(st->removals[i], &edit->list[j]);
	}
}

/* The hits of the same statement before its sets changed. */
static uint64_t
hits_of(const struct generation *gen, const struct conf_policy *conf,
    uint32_t i)
{
	uint32_t j;

	for (j = 0; j < gen->n_policies; j++) {
		if (gen->policies[j]->conf == conf)
			return gen->policies[j]->statements[i].hits;
	}
	return 0;
}

static int
statement_add(struct policy_store *ps, struct policy *p, uint32_t i,
    struct err *e)
{
	struct policy_statement *st = &p->statements[i];
	const struct conf_match *m;
	struct policy_set *set;
	int kind;

	st->conf = &p->conf->statements[i];
	for (kind = 0; kind < CONF_SET__MAX; kind++) {
		m = &st->conf->conditions.match[kind];
		if (m->set == NULL)
			continue;
		set =
		    set_find(&ps->build.gen, (enum conf_set_kind)kind, m->set);
		if (set == NULL) {
			(void)err_set(e, ERR_NOT_FOUND,
			    "policy %s: %s %s not found", p->conf->name,
			    conf_set_kind_text((enum conf_set_kind)kind),
			    m->set);
			while (kind-- > 0)
				set_unref(st->sets[kind]);
			return -1;
		}
		st->sets[kind] = set_ref(set);
	}
	if (st->conf->conditions.has_community) {
		st->community = comm_set_new(CONF_SET_COMMUNITY);
		comm_set_add(st->community, &st->conf->conditions.community);
	}
	removals_make(st);
	st->acts = acts(&st->conf->actions);
	st->uid = uid_new(ps);
	st->cause = cause_of(ps, p->conf, i);
	st->hits = hits_of(&ps->gen, p->conf, i);
	p->n++;
	return 0;
}

/* Is the running policy made of what the coming one would be made of? */
static bool
policy_is_same(const struct build *b, const struct policy *p)
{
	const struct policy_set *set;
	uint32_t i;
	int kind;

	for (i = 0; i < p->n; i++) {
		for (kind = 0; kind < CONF_SET__MAX; kind++) {
			set = p->statements[i].sets[kind];
			if (set != NULL &&
			    set_find(&b->gen, (enum conf_set_kind)kind,
				set->conf->name) != set)
				return false;
		}
	}
	return true;
}

static int
policy_cmp(const struct policy *p, const char *name)
{
	return strcmp(p->conf->name, name);
}

static uint32_t
policy_lower_bound(const struct generation *gen, const char *name)
{
	uint32_t low = 0, high = gen->n_policies, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (policy_cmp(gen->policies[mid], name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct policy *
policy_find(const struct generation *gen, const char *name)
{
	uint32_t at = policy_lower_bound(gen, name);

	if (at == gen->n_policies || policy_cmp(gen->policies[at], name) != 0)
		return NULL;
	return gen->policies[at];
}

/* --- building */

static void
generation_fini(struct policy_store *ps, struct generation *gen)
{
	uint32_t i;

	for (i = 0; i < gen->n_policies; i++)
		policy_unref(ps, gen->policies[i]);
	free(gen->policies);
	for (i = 0; i < gen->n_sets; i++)
		set_unref(gen->sets[i]);
	free(gen->sets);
	memset(gen, 0, sizeof(*gen));
}

void
policy_store_abort(struct policy_store *ps)
{
	generation_fini(ps, &ps->build.gen);
	memset(&ps->build, 0, sizeof(ps->build));
}

void
policy_store_build(struct policy_store *ps, const struct conf *conf)
{
	struct build *b = &ps->build;

	policy_store_abort(ps);
	b->conf = conf;
	if (conf->n_sets > 0)
		b->gen.sets =
		    xcalloc(conf->n_sets, sizeof(struct policy_set *));
	if (conf->n_policies > 0)
		b->gen.policies =
		    xcalloc(conf->n_policies, sizeof(struct policy *));
}

static void
set_begin(struct policy_store *ps)
{
	struct build *b = &ps->build;
	struct conf_set *conf = b->conf->sets[b->gen.n_sets];
	struct policy_set *old, *set;

	old = set_find(&ps->gen, (enum conf_set_kind)conf->kind, conf->name);
	if (old != NULL && old->conf == conf) {
		b->gen.sets[b->gen.n_sets++] = set_ref(old);
		return;
	}
	set = set_new(conf);
	b->phase = PHASE_MEMBERS;
	if (conf->kind == CONF_SET_PREFIX) {
		set->before = old;
		b->phase = PHASE_COUNT;
	}
	b->gen.sets[b->gen.n_sets++] = set;
	b->open = true;
	b->at = 0;
}

/* One member of the set under way. */
static int
set_step(struct policy_store *ps, struct err *e)
{
	struct build *b = &ps->build;
	struct policy_set *set = b->gen.sets[b->gen.n_sets - 1], *old;
	const struct conf_set *of = set->conf;

	old = set->before == NULL ?
	    NULL :
	    set_find(&ps->gen, (enum conf_set_kind)of->kind, of->name);
	if (b->phase == PHASE_DIFF_OLD && old != NULL)
		of = old->conf;
	if (b->at == of->n || (b->phase > PHASE_MEMBERS && old == NULL)) {
		b->at = 0;
		if (b->phase >= PHASE_MEMBERS &&
		    (old == NULL || b->phase == PHASE_DIFF_OLD))
			b->open = false;
		else
			b->phase++;
		return 0;
	}
	switch (b->phase) {
	case PHASE_COUNT:
		prefix_set_expect(set->prefixes,
		    (enum family)of->prefixes[b->at++].nlri.family);
		return 0;
	case PHASE_MEMBERS:
		return member_add(set, b->at++, e);
	default:
		diff_member(set, old, of, b->at++);
		return 0;
	}
}

static void
policy_begin(struct policy_store *ps)
{
	struct build *b = &ps->build;
	struct conf_policy *conf = b->conf->policies[b->gen.n_policies];
	struct policy *old = policy_find(&ps->gen, conf->name);

	if (old != NULL && old->conf == conf && policy_is_same(b, old)) {
		b->gen.policies[b->gen.n_policies++] = policy_ref(old);
		return;
	}
	b->gen.policies[b->gen.n_policies++] = policy_new(conf);
	b->open = true;
}

static int
policy_step(struct policy_store *ps, struct err *e)
{
	struct build *b = &ps->build;
	struct policy *p = b->gen.policies[b->gen.n_policies - 1];

	if (p->n < p->conf->n)
		return statement_add(ps, p, p->n, e);
	b->open = false;
	return 0;
}

enum policy_build
policy_store_step(struct policy_store *ps, size_t budget, struct err *e)
{
	struct build *b = &ps->build;
	int rc = 0;

	for (; rc == 0 && budget > 0; budget--) {
		if (b->gen.n_policies > 0 && b->open)
			rc = policy_step(ps, e);
		else if (b->open)
			rc = set_step(ps, e);
		else if (b->gen.n_sets < b->conf->n_sets)
			set_begin(ps);
		else if (b->gen.n_policies < b->conf->n_policies)
			policy_begin(ps);
		else
			return POLICY_BUILD_DONE;
	}
	if (rc == 0)
		return POLICY_BUILD_MORE;
	policy_store_abort(ps);
	return POLICY_BUILD_FAILED;
}

/* What was not told of sets that are replaced is told of those in their
 * places. */
static void
limits_carry(struct policy_store *ps)
{
	struct policy_set *old, *new;
	uint64_t more;
	uint32_t i;

	/* The sets of a fork are somebody else's. */
	for (i = 0; ps->origin == NULL && i < ps->gen.n_sets; i++) {
		old = ps->gen.sets[i];
		if (old->conf->kind != CONF_SET_AS_PATH)
			continue;
		new =
		    set_find(&ps->build.gen, CONF_SET_AS_PATH, old->conf->name);
		if (new == NULL || new == old)
			continue;
		more = as_path_set_take_limits(old->paths);
		ps->limits += more;
		new->limits += old->limits + more;
		old->limits = 0;
	}
}

void
policy_store_commit(struct policy_store *ps)
{
	limits_carry(ps);
	generation_fini(ps, &ps->gen);
	ps->gen = ps->build.gen;
	memset(&ps->build, 0, sizeof(ps->build));
}

/* --- programs */

struct policy_program *
policy_program_ref(struct policy_program *prog)
{
	prog->refs++;
	return prog;
}

static uint32_t
bucket_of(struct policy *const *policies, uint32_t n, bool accept)
{
	uintptr_t h = accept;
	uint32_t i;

	for (i = 0; i < n; i++)
		h = (h ^ (uintptr_t)policies[i] >> 4) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 40) & (BUCKETS - 1);
}

void
policy_program_unref(struct policy_store *ps, struct policy_program *prog)
{
	struct entry **at;
	uint32_t i;

	if (prog == NULL || --prog->refs > 0)
		return;
	at = &ps->buckets[bucket_of(prog->policies, prog->n, prog->accept)];
	while (&(*at)->program != prog)
		at = &(*at)->next;
	*at = (*at)->next;
	for (i = 0; i < prog->n; i++)
		policy_unref(ps, prog->policies[i]);
	free(prog->policies);
	attrs_unref(ps->attrs, prog->cause, 1);
	free(prog);
}

static void
program_look(struct policy_program *prog, const struct policy *p)
{
	const struct policy_statement *st;
	const struct conf_conditions *c;
	uint32_t i;

	for (i = 0; i < p->n; i++) {
		st = &p->statements[i];
		c = &st->conf->conditions;
		if (st->sets[CONF_SET_PREFIX] != NULL || c->has_prefix)
			prog->looks_at_prefix = true;
		if (st->sets[CONF_SET_NEIGHBOR] != NULL ||
		    c->neighbor.family != ADDR_NONE || c->route_types != 0)
			prog->looks_at_source = true;
		if (st->conf->actions.next_hop_op == CONF_NEXT_HOP_SELF)
			prog->names_self = true;
	}
}

static struct policy_program *
program_new(struct policy_store *ps, struct policy **policies, uint32_t n,
    bool accept, bool deny)
{
	struct entry *en = xcalloc(1, sizeof(*en));
	struct policy_program *prog = &en->program;
	uint32_t i, bucket = bucket_of(policies, n, accept);

	prog->refs = 1;
	prog->uid = uid_new(ps);
	prog->policies = policies;
	prog->n = n;
	prog->accept = accept;
	prog->cause = attrs_text(ps->attrs,
	    deny ? "ebgp_requires_policy" : "default action", 1);
	for (i = 0; i < n; i++)
		program_look(prog, policy_ref(policies[i]));
	en->next = ps->buckets[bucket];
	ps->buckets[bucket] = en;
	return prog;
}

struct policy_program *
policy_store_program(struct policy_store *ps, const struct conf_assignment *a,
    bool deny)
{
	bool accept = a->dflt == CONF_DEFAULT_ACCEPT;
	struct policy **list;
	struct entry *en;
	uint32_t i;

	if (a->n == 0 && a->dflt == CONF_DEFAULT_UNSAID)
		accept = !deny;
	if (a->n == 0 && accept)
		return NULL;
	list = xcalloc(a->n + 1u, sizeof(struct policy *));
	for (i = 0; i < a->n; i++) {
		list[i] = policy_find(&ps->gen, a->policies[i]);
		if (list[i] == NULL)
			fatalx("%s: policy %s", __func__, a->policies[i]);
	}
	for (en = ps->buckets[bucket_of(list, a->n, accept)]; en != NULL;
	     en = en->next) {
		if (en->program.n == a->n && en->program.accept == accept &&
		    memcmp(en->program.policies, list,
			a->n * sizeof(struct policy *)) == 0) {
			free(list);
			return policy_program_ref(&en->program);
		}
	}
	return program_new(ps, list, a->n, accept, deny && a->n == 0);
}

/* --- life */

struct policy_store *
policy_store_new(struct attrs_table *attrs)
{
	struct policy_store *ps = xcalloc(1, sizeof(*ps));

	ps->attrs = attrs;
	return ps;
}

struct policy_store *
policy_store_fork(struct policy_store *of)
{
	struct policy_store *ps = policy_store_new(of->attrs);
	uint32_t i;

	ps->origin = of;
	ps->gen = of->gen;
	ps->gen.sets = of->gen.n_sets == 0 ?
	    NULL :
	    xmemdup(of->gen.sets, of->gen.n_sets * sizeof(struct policy_set *));
	ps->gen.policies = of->gen.n_policies == 0 ?
	    NULL :
	    xmemdup(of->gen.policies,
		of->gen.n_policies * sizeof(struct policy *));
	for (i = 0; i < ps->gen.n_sets; i++)
		set_ref(ps->gen.sets[i]);
	for (i = 0; i < ps->gen.n_policies; i++)
		policy_ref(ps->gen.policies[i]);
	return ps;
}

void
policy_store_free(struct policy_store *ps)
{
	if (ps == NULL)
		return;
	policy_store_abort(ps);
	generation_fini(ps, &ps->gen);
	free(ps);
}

/* --- views */

const struct policy *
policy_store_at(const struct policy_store *ps, uint32_t i)
{
	return i < ps->gen.n_policies ? ps->gen.policies[i] : NULL;
}

uint32_t
policy_store_lower_bound(const struct policy_store *ps, const char *name)
{
	return policy_lower_bound(&ps->gen, name);
}

uint64_t
policy_store_take_limits(struct policy_store *ps)
{
	struct policy_set *set;
	uint64_t n = ps->limits, more;
	uint32_t i;

	ps->limits = 0;
	for (i = 0; i < ps->gen.n_sets; i++) {
		set = ps->gen.sets[i];
		if (set->conf->kind != CONF_SET_AS_PATH)
			continue;
		more = as_path_set_take_limits(set->paths);
		set->limits += more;
		n += more;
	}
	return n;
}

const char *
policy_store_tell_limits(struct policy_store *ps, struct mono now, uint64_t *n)
{
	struct policy_set *set;
	uint32_t i;

	for (i = 0; i < ps->gen.n_sets; i++) {
		set = ps->gen.sets[i];
		if (set->limits == 0 ||
		    (set->limits_told &&
			mono_diff_ms(now, set->limits_at) < LIMITS_TELL_MS))
			continue;
		*n = set->limits;
		set->limits = 0;
		set->limits_told = true;
		set->limits_at = now;
		return set->conf->name;
	}
	return NULL;
}

size_t
policy_store_bytes(const struct policy_store *ps)
{
	const struct policy_set *set;
	size_t n = sizeof(*ps);
	uint32_t i;

	for (i = 0; i < ps->gen.n_sets; i++) {
		set = ps->gen.sets[i];
		n += sizeof(*set) + set->max_diff * sizeof(*set->diff);
		switch ((enum conf_set_kind)set->conf->kind) {
		case CONF_SET_PREFIX:
			n += prefix_set_bytes(set->prefixes);
			break;
		case CONF_SET_AS_PATH:
			n += as_path_set_bytes(set->paths);
			break;
		case CONF_SET_NEIGHBOR:
			n += set->conf->n * sizeof(struct addr);
			break;
		default:
			n += comm_set_bytes(set->comms);
			break;
		}
	}
	return n;
}

/* --- differences */

static bool
statement_diff(const struct policy_statement *a,
    const struct policy_statement *b, struct nlri **list, size_t *n, size_t max)
{
	const struct policy_set *x, *y;
	int kind;

	for (kind = 0; kind < CONF_SET__MAX; kind++) {
		x = a->sets[kind];
		y = b->sets[kind];
		if (x == y)
			continue;
		/* "all" asks about the members that do not cover, too. */
		if (kind != CONF_SET_PREFIX || y->before != x ||
		    a->conf->conditions.match[kind].option == CONF_MATCH_ALL ||
		    *n + y->n_diff > max)
			return false;
		if (y->n_diff == 0)
			continue;
		*list = xreallocarray(*list, *n + y->n_diff, sizeof(**list));
		memcpy(*list + *n, y->diff, y->n_diff * sizeof(**list));
		*n += y->n_diff;
	}
	return true;
}

bool
policy_program_diff(const struct policy_program *old,
    const struct policy_program *new, struct nlri **list, size_t *n, size_t max)
{
	const struct policy *a, *b;
	uint32_t i, j;

	if (old == NULL || new == NULL || old->n != new->n ||
	    old->accept != new->accept)
		return false;
	for (i = 0; i < old->n; i++) {
		a = old->policies[i];
		b = new->policies[i];
		if (a == b)
			continue;
		if (a->conf != b->conf)
			return false;
		for (j = 0; j < a->n; j++) {
			if (!statement_diff(&a->statements[j],
				&b->statements[j], list, n, max))
				return false;
		}
	}
	return true;
}
