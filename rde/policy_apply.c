/* SPDX-License-Identifier: ISC */
/* Policies on handles; see policy_apply.h. */
#include "rde/policy_apply.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/xmalloc.h"
#include "rde/attrs.h"

enum {
	MEMORY = 8192,
	/* Marks what a program made of a route on its way out: a program may
	 * serve both directions. */
	OUT = 0x10000,
	HELD_KEEP = 65536,
};

static const char too_long[] = "too many attributes after policy";

struct remembered {
	uint32_t uid; /* of a program or a statement; 0: free */
	uint32_t handle;
	uint32_t source; /* peer, where it matters; OUT; of a statement: tags */
	uint32_t result; /* 0: rejected */
	struct policy_statement *decided; /* of a program; for its hits */
};

struct policy_apply {
	struct remembered memory[MEMORY];
	struct policy_run run;
	/* sets that an export made, a reference each */
	uint32_t *held;
	size_t n_held, max_held;
};

struct policy_apply *
policy_apply_new(void)
{
	return xcalloc(1, sizeof(struct policy_apply));
}

/* --- memory */

static void
forget(struct rde *rde, struct remembered *m)
{
	if (m->uid == 0)
		return;
	attrs_unref(rde->attrs, m->handle, 1);
	if (m->result != 0)
		attrs_unref(rde->attrs, m->result, 1);
	memset(m, 0, sizeof(*m));
}

void
policy_apply_forget(struct rde *rde)
{
	size_t i;

	for (i = 0; i < MEMORY; i++)
		forget(rde, &rde->policy->memory[i]);
}

void
policy_apply_free(struct rde *rde, struct policy_apply *pa)
{
	policy_apply_release(rde);
	policy_apply_forget(rde);
	free(pa->held);
	free(pa);
}

static struct remembered *
slot_of(struct rde *rde, uint32_t uid, uint32_t handle, uint32_t source)
{
	uint64_t h = (uint64_t)uid << 32 | handle;

	h = (h ^ (uint64_t)source << 17) * 0x9e3779b97f4a7c15u;
	return &rde->policy->memory[h >> 51 & (MEMORY - 1)];
}

static struct remembered *
recall(struct rde *rde, uint32_t uid, uint32_t handle, uint32_t source)
{
	struct remembered *m = slot_of(rde, uid, handle, source);

	return m->uid == uid && m->handle == handle && m->source == source ?
	    m :
	    NULL;
}

static void
remember(struct rde *rde, uint32_t uid, uint32_t handle, uint32_t source,
    uint32_t result, const struct policy_statement *decided)
{
	struct remembered *m = slot_of(rde, uid, handle, source);

	attrs_ref(rde->attrs, handle, 1);
	if (result != 0)
		attrs_ref(rde->attrs, result, 1);
	forget(rde, m);
	m->uid = uid;
	m->handle = handle;
	m->source = source;
	m->result = result;
	/* Its counter is all that is written to. */
	memcpy(&m->decided, &decided, sizeof(decided));
}

/* --- running */

void
policy_route_in(const struct rde *rde, const struct peer *from,
    enum family family, const struct prefix_key *key, struct policy_route *r)
{
	r->family = family;
	r->key = key;
	r->kind = (enum route_kind)from->kind;
	r->neighbor = &from->remote;
	r->own_as = rde->asn;
	r->self = &from->local;
}

void
policy_route_out(const struct rde *rde, const struct export_rule *rule,
    const struct peer *source, const struct prefix_key *key,
    struct policy_route *r)
{
	r->family = (enum family)rule->family;
	r->key = key;
	r->kind = (enum route_kind)source->kind;
	r->neighbor = &source->remote;
	r->own_as = rde->asn;
	r->self = &rule->local;
}

/*
 * The set that an accepted route has after the run, with a reference.  0 if
 * it became too long.  `tags`: those that matter to the caller.
 */
static uint32_t
result_of(struct rde *rde, const struct policy_program *prog,
    const struct policy_route *r, uint32_t given, const uint8_t *block,
    uint8_t tags)
{
	struct policy_run *run = &rde->policy->run;
	const struct policy_statement *st = run->pending;
	struct remembered *m;
	bool simple = run->block == block && st != NULL && !prog->names_self;
	uint32_t handle;

	if (run->block == block && st == NULL) {
		attrs_ref(rde->attrs, given, 1);
		return given;
	}
	if (simple && (m = recall(rde, st->uid, given, tags)) != NULL) {
		attrs_ref(rde->attrs, m->result, 1);
		return m->result;
	}
	policy_run_finish(run, r);
	if (run->too_long)
		return 0;
	handle = attrs_intern_tagged(rde->attrs, run->tag & tags, run->block,
	    run->len, 1);
	if (simple)
		remember(rde, st->uid, given, tags, handle, NULL);
	return handle;
}

/* The path's set with its history; takes over the reference of `base`. */
static uint32_t
imported(struct rde *rde, uint32_t base, uint32_t received, uint32_t cause)
{
	uint32_t handle;

	if (base == received && cause == 0)
		return base;
	handle = attrs_imported(rde->attrs, base, received, cause, 1);
	attrs_unref(rde->attrs, base, 1);
	return handle;
}

static uint32_t
import_run(struct rde *rde, const struct policy_program *prog,
    const struct policy_route *r, uint32_t received)
{
	struct policy_run *run = &rde->policy->run;
	const struct attrs *a = attrs_get(rde->attrs, received);
	uint32_t base, cause, handle;

	policy_run(run, prog, r, a->wire, a->len);
	if (run->accepted) {
		base = result_of(rde, prog, r, received, a->wire, 0);
		if (base != 0)
			return imported(rde, base, received, 0);
	}
	attrs_ref(rde->attrs, received, 1);
	if (run->too_long) {
		cause = attrs_text(rde->attrs, too_long, 1);
		handle = imported(rde, received, received, cause);
		attrs_unref(rde->attrs, cause, 1);
		return handle;
	}
	cause = run->decided == NULL ? prog->cause : run->decided->cause;
	return imported(rde, received, received, cause);
}

uint32_t
policy_import(struct rde *rde, const struct peer *peer, enum family family,
    const struct prefix_key *key, uint32_t received, bool *rejected)
{
	const struct policy_program *prog = peer->program[CONF_IMPORT];
	struct policy_run *run = &rde->policy->run;
	struct policy_route r;
	struct remembered *m;
	uint32_t handle, source;

	*rejected = false;
	if (prog == NULL) {
		attrs_ref(rde->attrs, received, 1);
		return received;
	}
	/* The family is seen by the next hop that a set holds. */
	source = prog->looks_at_source || prog->names_self ? peer->id : 0;
	if (!prog->looks_at_prefix &&
	    (m = recall(rde, prog->uid, received, source)) != NULL) {
		if (m->decided != NULL)
			m->decided->hits++;
		attrs_ref(rde->attrs, m->result, 1);
		handle = m->result;
	} else {
		policy_route_in(rde, peer, family, key, &r);
		handle = import_run(rde, prog, &r, received);
		if (!prog->looks_at_prefix && run->n_held <= 1)
			remember(rde, prog->uid, received, source, handle,
			    run->decided);
	}
	*rejected = attrs_cause(rde->attrs, handle) != 0;
	return handle;
}

/* Keep a set alive while the caller works with it. */
static uint32_t
hold(struct rde *rde, uint32_t handle)
{
	struct policy_apply *pa = rde->policy;

	if (pa->n_held == pa->max_held) {
		pa->max_held = pa->max_held == 0 ? 256 : pa->max_held * 2;
		pa->held =
		    xreallocarray(pa->held, pa->max_held, sizeof(*pa->held));
	}
	pa->held[pa->n_held++] = handle;
	return handle;
}

void
policy_apply_release(struct rde *rde)
{
	struct policy_apply *pa = rde->policy;
	size_t i;

	for (i = 0; i < pa->n_held; i++)
		attrs_unref(rde->attrs, pa->held[i], 1);
	pa->n_held = 0;
	if (pa->max_held <= HELD_KEEP)
		return;
	free(pa->held);
	pa->held = NULL;
	pa->max_held = 0;
}

uint32_t
policy_export(struct rde *rde, const struct policy_program *prog,
    const struct export_rule *rule, const struct prefix_key *key, uint32_t base,
    const struct peer *source)
{
	struct policy_run *run = &rde->policy->run;
	bool whole = !prog->looks_at_prefix && !prog->names_self;
	const struct attrs *a;
	struct policy_route r;
	struct remembered *m;
	uint32_t handle = 0,
		 who = OUT | (prog->looks_at_source ? source->id : 0);

	if (whole && (m = recall(rde, prog->uid, base, who)) != NULL) {
		if (m->decided != NULL)
			m->decided->hits++;
		if (m->result == 0 || m->result == base)
			return m->result;
		attrs_ref(rde->attrs, m->result, 1);
		return hold(rde, m->result);
	}
	policy_route_out(rde, rule, source, key, &r);
	a = attrs_get(rde->attrs, base);
	policy_run(run, prog, &r, a->wire, a->len);
	if (run->accepted)
		handle = result_of(rde, prog, &r, base, a->wire,
		    ATTRS_NEXT_HOP_FIXED | ATTRS_MED_FIXED);
	if (whole && run->n_held <= 1)
		remember(rde, prog->uid, base, who, handle, run->decided);
	if (handle == base)
		attrs_unref(rde->attrs, handle, 1);
	else if (handle != 0)
		hold(rde, handle);
	return handle;
}
