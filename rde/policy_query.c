/* SPDX-License-Identifier: ISC */
/* Questions about policies; see policy_query.h. */
#include "rde/policy_query.h"

#include <stdlib.h>
#include <string.h>

#include "common/bgp_attr.h"
#include "common/chan.h"
#include "common/xmalloc.h"

#include "rde/group.h"
#include "rde/policy_apply.h"
#include "rde/policy_store.h"
#include "rde/scope.h"
#include "rde/shell.h"

enum {
	BATCH = 32, /* entries of a walk between two budgets */
	BUILD_STEP = 64,
	SAMPLES_BYTES = 96 * 1024,
	COUNTERS_BYTES = 32 * 1024,
};

/* --- the peer that is asked about */

struct subject {
	const struct peer
	    *peer; /* of the engine; or `made`, without a session */
	struct peer made;
	struct export_rule rule;
};

static bool
is_ibgp(const struct conf *c, const struct conf_peer *cp)
{
	return cp->remote_as == c->asn;
}

static int
subject_find(const struct shell *sh, const struct addr *addr, struct subject *s,
    struct err *e)
{
	const struct conf *c = sh->conf.conf;
	const struct conf_peer *cp;
	char text[ADDR_STRLEN];

	memset(s, 0, sizeof(*s));
	s->peer = session_peer(sh, addr);
	if (s->peer == NULL) {
		cp = c == NULL ? NULL : conf_peer_find(c, addr);
		if (cp == NULL)
			return err_set(e, ERR_NOT_FOUND, "peer %s not found",
			    addr_str(addr, text));
		s->made.remote = *addr;
		s->made.kind = is_ibgp(c, cp) ? ROUTE_IBGP : ROUTE_EBGP;
		s->peer = &s->made;
	}
	s->rule.ebgp = s->peer->kind == ROUTE_EBGP;
	s->rule.local = s->peer->local;
	s->rule.local_as = sh->rde->asn;
	return 0;
}

static bool
denies(const struct shell *sh, const struct peer *peer)
{
	return sh->conf.conf != NULL && sh->conf.conf->ebgp_requires_policy &&
	    peer->kind == ROUTE_EBGP;
}

/* The program in force, with a reference. */
static struct policy_program *
program_of(const struct shell *sh, const struct subject *s, int direction)
{
	const struct conf_peer *cp;

	if (s->peer != &s->made)
		return s->peer->program[direction] == NULL ?
		    NULL :
		    policy_program_ref(s->peer->program[direction]);
	cp = conf_peer_find(sh->conf.conf, &s->peer->remote);
	return policy_store_program(sh->rde->store, &cp->policy[direction],
	    denies(sh, s->peer));
}

/* --- one route */

static void
on_held(void *ctx, const struct policy *p, uint32_t statement)
{
	struct policy_report *report = ctx;
	struct policy_step *step;

	if (report->n_steps == POLICY_STEPS_MAX)
		return;
	step = &report->steps[report->n_steps++];
	step->policy = p->conf->name;
	step->statement = statement + 1;
	step->name = p->conf->statements[statement].name;
}

static void
test_run(struct shell *sh, const struct subject *s, const struct policy_test *t,
    const struct peer *source, struct policy_report *report,
    struct policy_run *run)
{
	struct policy_program *prog = program_of(sh, s, t->direction);
	struct policy_route r;
	struct prefix_key key;

	report->after = report->before;
	report->after_len = report->before_len;
	report->accepted = report->by_default = true;
	if (prog == NULL)
		return;
	prefix_key_from_nlri(&key, &t->nlri);
	if (t->direction == CONF_IMPORT)
		policy_route_in(sh->rde, s->peer, (enum family)t->nlri.family,
		    &key, &r);
	else
		policy_route_out(sh->rde, &s->rule, source, &key, &r);
	run->trace = on_held;
	run->trace_ctx = report;
	policy_run(run, prog, &r, report->before, report->before_len);
	policy_run_finish(run, &r);
	report->accepted = run->accepted;
	report->by_default = run->decided == NULL;
	if (run->accepted) {
		report->after = run->block;
		report->after_len = (uint16_t)run->len;
	}
	policy_program_unref(sh->rde->store, prog);
}

static void
before_set(struct shell *sh, struct policy_report *report, uint32_t handle)
{
	const struct attrs *a = attrs_get(sh->rde->attrs, handle);

	report->before = a->wire;
	report->before_len = a->len;
}

/* The attributes to begin with, and whose route it is. */
static int
test_route(struct shell *sh, const struct subject *s,
    const struct policy_test *t, const struct peer **source,
    struct policy_report *report, struct err *e)
{
	const struct rib *rib = &sh->rde->ribs[t->nlri.family];
	char prefix[NLRI_STRLEN], text[ADDR_STRLEN];
	const struct rib_entry *entry;
	struct rib_path_view v;
	uint32_t id;

	*source = s->peer;
	if (t->attrs_len > 0) {
		if (bgp_attr_validate(t->attrs, t->attrs_len,
			(enum family)t->nlri.family, e) == -1)
			return -1;
		report->before = t->attrs;
		report->before_len = t->attrs_len;
		if (t->direction == CONF_EXPORT) {
			*source = t->source.family == ADDR_NONE ?
			    sh->rde->peers[0] :
			    session_peer(sh, &t->source);
			if (*source == NULL)
				return err_set(e, ERR_NOT_FOUND,
				    "source: peer %s not found",
				    addr_str(&t->source, text));
		}
		return 0;
	}
	nlri_str(&t->nlri, prefix);
	id = rib_find(rib, &t->nlri);
	if (t->direction == CONF_IMPORT) {
		if (id == 0 || s->peer == &s->made ||
		    !rib_path_of(rib, id, s->peer->id, &v))
			return err_set(e, ERR_NOT_FOUND,
			    "route %s of peer %s not found", prefix,
			    addr_str(&s->peer->remote, text));
		before_set(sh, report, attrs_received(sh->rde->attrs, v.attrs));
		return 0;
	}
	entry = id == 0 ? NULL : rib_entry(rib, id);
	if (entry == NULL || !rib_has_best(entry))
		return err_set(e, ERR_NOT_FOUND, "route %s not found", prefix);
	before_set(sh, report, attrs_base(sh->rde->attrs, entry->attrs));
	*source = sh->rde->peers[entry->peer];
	return 0;
}

void
policy_test(struct shell *sh, uint32_t id, const struct policy_test *t)
{
	struct policy_step steps[POLICY_STEPS_MAX];
	struct policy_report report = { .steps = steps };
	struct policy_run *run = xmalloc(sizeof(*run));
	const struct peer *source;
	struct subject s;
	struct err e;
	struct wr w;

	err_clear(&e);
	if (subject_find(sh, &t->peer, &s, &e) == 0 &&
	    test_route(sh, &s, t, &source, &report, &e) == 0) {
		if (source->kind != ROUTE_LOCAL)
			report.source = source->remote;
		test_run(sh, &s, t, source, &report, run);
	}
	wr_init_grow(&w, MSG_MAX);
	err_put(&w, &e);
	if (e.code == ERR_OK)
		msg_policy_report_put(&w, &report);
	chan_send_wr(sh->apid, MSG_POLICY_TEST_DONE, id, 0, &w);
	wr_free(&w);
	free(run);
}

/* --- dry runs */

struct dry_run {
	TAILQ_ENTRY(dry_run) entry;
	struct walk walk;
	struct shell *shell;
	uint32_t id;
	struct wr request; /* until it is complete */
	struct policy_dry_run is;
	struct conf *candidate;
	struct policy_store *store;
	bool building;
	struct policy_program *program;
	struct scope scope;
	struct policy_totals totals;
	uint16_t n_samples;
	struct wr samples;
	struct policy_run now, then;
};

static struct dry_run *
dry_run_find(struct shell *sh, uint32_t id)
{
	struct dry_run *d;

	TAILQ_FOREACH(d, &sh->policy_queries.list, entry) {
		if (d->id == id)
			return d;
	}
	return NULL;
}

static struct dry_run *
dry_run_new(struct shell *sh, uint32_t id)
{
	struct dry_run *d = xcalloc(1, sizeof(*d));

	d->shell = sh;
	d->id = id;
	wr_init_grow(&d->request, POLICY_DRY_RUN_MAX);
	wr_init_grow(&d->samples, MSG_MAX);
	scope_init(&d->scope);
	TAILQ_INSERT_TAIL(&sh->policy_queries.list, d, entry);
	sh->policy_queries.n++;
	return d;
}

static void
dry_run_free(struct dry_run *d)
{
	struct shell *sh = d->shell;

	walk_stop(&sh->walks, &d->walk);
	policy_program_unref(d->store, d->program);
	policy_store_free(d->store);
	conf_free(d->candidate);
	policy_dry_run_fini(&d->is);
	wr_free(&d->request);
	wr_free(&d->samples);
	scope_fini(&d->scope);
	TAILQ_REMOVE(&sh->policy_queries.list, d, entry);
	sh->policy_queries.n--;
	free(d);
}

static void
dry_run_end(struct dry_run *d, const struct err *e)
{
	struct wr w;

	wr_init_grow(&w, MSG_MAX);
	err_put(&w, e);
	if (e->code == ERR_OK) {
		msg_policy_totals_put(&w, &d->totals);
		wr_copy(&w, d->samples.base, wr_len(&d->samples));
	}
	chan_send_wr(d->shell->apid, MSG_POLICY_DRY_RUN_DONE, d->id, 0, &w);
	wr_free(&w);
	dry_run_free(d);
}

/* A trial is no hit. */
static void
on_held_quietly(void *ctx ATTR_UNUSED, const struct policy *p ATTR_UNUSED,
    uint32_t statement ATTR_UNUSED)
{
}

/* What a run leaves of a route: nothing if it is rejected. */
struct outcome {
	const uint8_t *block;
	uint16_t len;
	uint8_t tag;
};

static void
outcome_of(struct policy_run *run, const struct policy_program *prog,
    const struct policy_route *r, const struct attrs *a, struct outcome *to)
{
	memset(to, 0, sizeof(*to));
	if (prog == NULL) {
		to->block = a->wire;
		to->len = a->len;
		return;
	}
	run->trace = on_held_quietly;
	policy_run(run, prog, r, a->wire, a->len);
	policy_run_finish(run, r);
	if (!run->accepted)
		return;
	to->block = run->block;
	to->len = (uint16_t)run->len;
	to->tag = run->tag;
}

static void
compare(struct dry_run *d, const struct nlri *nlri, const struct outcome *now,
    const struct outcome *then)
{
	struct policy_sample s = {
		.nlri = *nlri,
		.before = now->block,
		.before_len = now->len,
		.after = then->block,
		.after_len = then->len,
	};

	d->totals.examined++;
	if (now->block == NULL && then->block == NULL)
		return;
	if (now->block == NULL) {
		s.change = POLICY_APPEARS;
		d->totals.appear++;
	} else if (then->block == NULL) {
		s.change = POLICY_VANISHES;
		d->totals.vanish++;
	} else if (now->len != then->len || now->tag != then->tag ||
	    memcmp(now->block, then->block, now->len) != 0) {
		s.change = POLICY_CHANGES;
		d->totals.change++;
	} else {
		return;
	}
	if (d->n_samples == d->is.samples ||
	    wr_len(&d->samples) + now->len + then->len > SAMPLES_BYTES)
		return;
	msg_policy_sample_put(&d->samples, &s);
	d->n_samples++;
}

static void
look_in(struct dry_run *d, const struct peer *peer, const struct rib *rib,
    uint32_t id)
{
	struct rde *rde = d->shell->rde;
	struct outcome now, then;
	struct rib_path_view v;
	struct policy_route r;
	struct prefix_key key;
	const struct attrs *a;
	struct nlri nlri;

	if (!rib_path_of(rib, id, peer->id, &v) ||
	    ((v.flags & RIB_INELIGIBLE) &&
		attrs_cause(rde->attrs, v.attrs) == 0))
		return;
	rib_key(rib, id, &key);
	rib_nlri(rib, id, &nlri);
	policy_route_in(rde, peer, (enum family)rib->family, &key, &r);
	a = attrs_get(rde->attrs, attrs_received(rde->attrs, v.attrs));
	outcome_of(&d->now, peer->program[CONF_IMPORT], &r, a, &now);
	outcome_of(&d->then, d->program, &r, a, &then);
	compare(d, &nlri, &now, &then);
}

static void
look_out(struct dry_run *d, const struct peer *peer, const struct rib *rib,
    uint32_t id)
{
	struct rde *rde = d->shell->rde;
	const struct rib_entry *e = rib_entry(rib, id);
	const struct group *g = peer->group[rib->family];
	struct outcome now, then;
	const struct peer *source;
	struct policy_route r;
	struct prefix_key key;
	const struct attrs *a;
	struct nlri nlri;

	if (g == NULL || !rib_has_best(e) || e->peer == peer->id)
		return;
	source = rde->peers[e->peer];
	a = attrs_get_base(rde->attrs, e->attrs);
	if (!export_admits(&g->rule, a, (enum route_kind)source->kind))
		return;
	rib_key(rib, id, &key);
	rib_nlri(rib, id, &nlri);
	policy_route_out(rde, &g->rule, source, &key, &r);
	outcome_of(&d->now, peer->program[CONF_EXPORT], &r, a, &now);
	outcome_of(&d->then, d->program, &r, a, &then);
	compare(d, &nlri, &now, &then);
}

/* Candidates are compiled; true when the program is there. */
static bool
build(struct dry_run *d, const struct peer *peer, struct walk_budget *b,
    struct err *e)
{
	while (walk_budget_take(b)) {
		switch (policy_store_step(d->store, BUILD_STEP, e)) {
		case POLICY_BUILD_MORE:
			continue;
		case POLICY_BUILD_FAILED:
			return false;
		case POLICY_BUILD_DONE:
			break;
		}
		policy_store_commit(d->store);
		d->program = policy_store_program(d->store, &d->is.assignment,
		    denies(d->shell, peer));
		d->building = false;
		return true;
	}
	return false;
}

static enum walk_result
on_walk(struct walk *walk, struct walk_budget *b)
{
	struct dry_run *d = (struct dry_run *)((uint8_t *)walk -
	    offsetof(struct dry_run, walk));
	struct shell *sh = d->shell;
	const struct peer *peer = session_peer(sh, &d->is.peer);
	uint32_t ids[BATCH];
	struct rib *rib;
	struct err e;
	size_t i, n;

	err_clear(&e);
	if (peer == NULL) /* it went meanwhile: nothing would change */
		goto end;
	if (d->building && !build(d, peer, b, &e)) {
		if (e.code == ERR_OK)
			return WALK_MORE;
		goto end;
	}
	while (b->entries > 0) {
		n = scope_next(&d->scope, sh->rde->ribs, -1, &rib, ids, BATCH);
		if (n == 0)
			goto end;
		for (i = 0; i < n; i++) {
			(void)walk_budget_take(b);
			if (rib_entry(rib, ids[i])->attrs == 0)
				continue;
			if (d->is.direction == CONF_IMPORT)
				look_in(d, peer, rib, ids[i]);
			else
				look_out(d, peer, rib, ids[i]);
		}
	}
	return WALK_MORE;
end:
	dry_run_end(d, &e);
	return WALK_WAIT;
}

static int
names_known(const struct conf *c, const struct conf_assignment *a,
    struct err *e)
{
	uint16_t i;

	for (i = 0; i < a->n; i++) {
		if (conf_policy_find(c, a->policies[i]) == NULL)
			return err_set(e, ERR_NOT_FOUND, "policy %s not found",
			    a->policies[i]);
	}
	return 0;
}

/* The running sets and policies with the candidates in their places. */
static struct conf *
candidate_make(const struct conf *running, const struct conf *with)
{
	struct conf *c = conf_new();
	uint32_t i;

	for (i = 0; i < running->n_sets; i++)
		conf_set_put(c, conf_set_ref(running->sets[i]));
	for (i = 0; i < running->n_policies; i++)
		conf_policy_put(c, conf_policy_ref(running->policies[i]));
	for (i = 0; i < with->n_sets; i++)
		conf_set_put(c, conf_set_ref(with->sets[i]));
	for (i = 0; i < with->n_policies; i++)
		conf_policy_put(c, conf_policy_ref(with->policies[i]));
	return c;
}

/* Read the request; -1 if apid cannot have written it. */
static int
dry_run_read(struct dry_run *d)
{
	struct conf_rx rx = { .next = NULL };
	const uint8_t *rest;
	size_t len;
	struct rd r;
	int rc = 0;

	rd_init(&r, d->request.base, wr_len(&d->request));
	msg_policy_dry_run_get(&r, &d->is);
	if (!rd_ok(&r))
		return -1;
	len = rd_left(&r);
	rest = rd_bytes(&r, len);
	conf_rx_begin(&rx, d->shell->conf.conf, 0);
	if (len > 0)
		rc = conf_rx_item(&rx, rest, len);
	if (rc == 0)
		d->candidate = candidate_make(d->shell->conf.conf, rx.next);
	conf_rx_abort(&rx);
	wr_free(&d->request);
	wr_init_grow(&d->request, POLICY_DRY_RUN_MAX);
	return rc;
}

int
policy_dry_run_part(struct shell *sh, uint32_t id, const uint8_t *data,
    size_t len)
{
	struct dry_run *d = dry_run_find(sh, id);

	if (d == NULL)
		d = dry_run_new(sh, id);
	if (d->candidate != NULL)
		return -1;
	wr_copy(&d->request, data, len);
	return wr_ok(&d->request) ? 0 : -1;
}

int
policy_dry_run(struct shell *sh, uint32_t id, const uint8_t *data, size_t len)
{
	struct dry_run *d;
	struct subject s;
	struct err e;

	if (policy_dry_run_part(sh, id, data, len) == -1 ||
	    sh->conf.conf == NULL)
		return -1;
	d = dry_run_find(sh, id);
	if (dry_run_read(d) == -1)
		return -1;
	err_clear(&e);
	if (sh->policy_queries.n > DRY_RUNS_MAX)
		err_set(&e, ERR_EXHAUSTED, "%u dry runs are under way",
		    DRY_RUNS_MAX);
	else if (names_known(d->candidate, &d->is.assignment, &e) == 0)
		(void)subject_find(sh, &d->is.peer, &s, &e);
	if (e.code != ERR_OK) {
		dry_run_end(d, &e);
		return 0;
	}
	d->store = policy_store_fork(sh->rde->store);
	policy_store_build(d->store, d->candidate);
	d->building = true;
	scope_all(&d->scope);
	d->walk.step = on_walk;
	walk_start(&sh->walks, &d->walk);
	return 0;
}

void
policy_dry_run_close(struct shell *sh, uint32_t id)
{
	struct dry_run *d = dry_run_find(sh, id);

	if (d != NULL)
		dry_run_free(d);
}

void
policy_query_close_all(struct shell *sh)
{
	struct dry_run *d;

	while ((d = TAILQ_FIRST(&sh->policy_queries.list)) != NULL)
		dry_run_free(d);
}

void
policy_queries_init(struct policy_queries *q)
{
	TAILQ_INIT(&q->list);
	q->n = 0;
}

/* --- counters */

void
policy_counters(struct shell *sh, uint32_t id,
    const struct policy_counters_from *from)
{
	const struct policy_store *ps = sh->rde->store;
	uint32_t i = policy_store_lower_bound(ps, from->policy), at = 0;
	const struct policy *p = policy_store_at(ps, i);
	struct policy_counter c;
	struct wr w;

	if (p != NULL && strcmp(p->conf->name, from->policy) == 0)
		at = from->statement;
	wr_init_grow(&w, MSG_MAX);
	wr_n8(&w, 0);
	for (; p != NULL && wr_len(&w) < COUNTERS_BYTES;
	     p = policy_store_at(ps, ++i), at = 0) {
		for (; at < p->n && wr_len(&w) < COUNTERS_BYTES; at++) {
			c.policy = p->conf->name;
			c.statement = at + 1;
			c.name = p->conf->statements[at].name;
			c.hits = p->statements[at].hits;
			msg_policy_counter_put(&w, &c);
		}
		if (at < p->n)
			break;
	}
	wr_patch8(&w, 0, p != NULL);
	chan_send_wr(sh->apid, MSG_POLICY_COUNTERS, id, 0, &w);
	wr_free(&w);
}
