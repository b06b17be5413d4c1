/* SPDX-License-Identifier: ISC */
/* Codecs of the payloads about policies, each put beside its get. */
#include "common/msg_policy.h"

#include <stdlib.h>
#include <string.h>

#include "common/bgp_attr.h"
#include "common/xmalloc.h"

static uint8_t
get_enum(struct rd *r, uint8_t max)
{
	uint8_t v = rd_n8(r);

	if (v <= max)
		return v;
	rd_fail(r);
	return 0;
}

static void
put_block(struct wr *w, const uint8_t *block, uint16_t len)
{
	wr_n16(w, len);
	wr_copy(w, block, len);
}

static const uint8_t *
get_block(struct rd *r, uint16_t *len)
{
	const uint8_t *p;

	*len = rd_n16(r);
	p = rd_bytes(r, *len);
	if (!rd_ok(r) || *len > 2 * BGP_ATTR_BLOCK_MAX) {
		rd_fail(r);
		*len = 0;
		return NULL;
	}
	return *len == 0 ? NULL : p;
}

void
msg_policy_test_put(struct wr *w, const struct policy_test *t)
{
	wr_n8(w, t->direction);
	addr_put(w, &t->peer);
	nlri_put(w, &t->nlri);
	addr_put(w, &t->source);
	put_block(w, t->attrs, t->attrs_len);
}

void
msg_policy_test_get(struct rd *r, struct policy_test *t)
{
	memset(t, 0, sizeof(*t));
	t->direction = get_enum(r, CONF_EXPORT);
	addr_get(r, &t->peer);
	nlri_get(r, &t->nlri);
	addr_get(r, &t->source);
	t->attrs = get_block(r, &t->attrs_len);
	if (t->peer.family == ADDR_NONE || !rd_done(r))
		rd_fail(r);
}

void
msg_policy_report_put(struct wr *w, const struct policy_report *p)
{
	uint16_t i;

	wr_n8(w, p->accepted);
	wr_n8(w, p->by_default);
	addr_put(w, &p->source);
	put_block(w, p->before, p->before_len);
	put_block(w, p->after, p->after_len);
	wr_n16(w, p->n_steps);
	for (i = 0; i < p->n_steps; i++) {
		wr_str(w, p->steps[i].policy);
		wr_n32(w, p->steps[i].statement);
		wr_str(w, p->steps[i].name);
	}
}

void
msg_policy_report_get(struct rd *r, struct policy_report *p)
{
	uint16_t i, n;

	memset(p, 0, sizeof(*p));
	p->accepted = get_enum(r, 1) == 1;
	p->by_default = get_enum(r, 1) == 1;
	addr_get(r, &p->source);
	p->before = get_block(r, &p->before_len);
	p->after = get_block(r, &p->after_len);
	n = rd_n16(r);
	if (n > POLICY_STEPS_MAX)
		rd_fail(r);
	if (!rd_ok(r) || n == 0)
		return;
	p->steps = xcalloc(n, sizeof(*p->steps));
	for (i = 0; i < n && rd_ok(r); i++) {
		p->steps[i].policy = rd_str(r);
		p->steps[i].statement = rd_n32(r);
		p->steps[i].name = rd_str(r);
		p->n_steps++;
	}
	if (!rd_ok(r))
		policy_report_fini(p);
}

void
policy_report_fini(struct policy_report *p)
{
	uint16_t i;

	for (i = 0; i < p->n_steps; i++) {
		free(p->steps[i].policy);
		free(p->steps[i].name);
	}
	free(p->steps);
	p->steps = NULL;
	p->n_steps = 0;
}

void
msg_policy_dry_run_put(struct wr *w, const struct policy_dry_run *d)
{
	uint16_t i;

	wr_n8(w, d->direction);
	addr_put(w, &d->peer);
	wr_n16(w, d->samples);
	wr_n8(w, d->assignment.dflt);
	wr_n16(w, d->assignment.n);
	for (i = 0; i < d->assignment.n; i++)
		wr_str(w, d->assignment.policies[i]);
}

void
msg_policy_dry_run_get(struct rd *r, struct policy_dry_run *d)
{
	struct conf_assignment *a = &d->assignment;
	uint16_t i, n;
	char *name;

	memset(d, 0, sizeof(*d));
	d->direction = get_enum(r, CONF_EXPORT);
	addr_get(r, &d->peer);
	d->samples = rd_n16(r);
	a->dflt = get_enum(r, CONF_DEFAULT_REJECT);
	n = rd_n16(r);
	if (n > CONF_POLICIES_MAX || d->samples > POLICY_SAMPLES_MAX ||
	    d->peer.family == ADDR_NONE)
		rd_fail(r);
	if (!rd_ok(r) || n == 0)
		return;
	a->policies = xcalloc(n, sizeof(*a->policies));
	for (i = 0; i < n; i++) {
		name = rd_str(r);
		if (name == NULL)
			break;
		a->policies[a->n++] = name;
	}
	if (!rd_ok(r))
		policy_dry_run_fini(d);
}

void
policy_dry_run_fini(struct policy_dry_run *d)
{
	conf_assignment_fini(&d->assignment);
}

void
msg_policy_totals_put(struct wr *w, const struct policy_totals *t)
{
	wr_n64(w, t->examined);
	wr_n64(w, t->appear);
	wr_n64(w, t->vanish);
	wr_n64(w, t->change);
}

void
msg_policy_totals_get(struct rd *r, struct policy_totals *t)
{
	t->examined = rd_n64(r);
	t->appear = rd_n64(r);
	t->vanish = rd_n64(r);
	t->change = rd_n64(r);
}

void
msg_policy_sample_put(struct wr *w, const struct policy_sample *s)
{
	wr_n8(w, s->change);
	nlri_put(w, &s->nlri);
	put_block(w, s->before, s->before_len);
	put_block(w, s->after, s->after_len);
}

void
msg_policy_sample_get(struct rd *r, struct policy_sample *s)
{
	memset(s, 0, sizeof(*s));
	s->change = get_enum(r, POLICY_CHANGES);
	nlri_get(r, &s->nlri);
	s->before = get_block(r, &s->before_len);
	s->after = get_block(r, &s->after_len);
}

void
msg_policy_counters_from_put(struct wr *w,
    const struct policy_counters_from *from)
{
	wr_str(w, from->policy);
	wr_n32(w, from->statement);
}

void
msg_policy_counters_from_get(struct rd *r, struct policy_counters_from *from)
{
	memset(from, 0, sizeof(*from));
	from->policy = rd_str(r);
	from->statement = rd_n32(r);
	if (rd_done(r))
		return;
	rd_fail(r);
	free(from->policy);
	from->policy = NULL;
}

void
msg_policy_counter_put(struct wr *w, const struct policy_counter *c)
{
	wr_str(w, c->policy);
	wr_n32(w, c->statement);
	wr_str(w, c->name);
	wr_n64(w, c->hits);
}

void
msg_policy_counter_get(struct rd *r, struct policy_counter *c)
{
	memset(c, 0, sizeof(*c));
	c->policy = rd_str(r);
	c->statement = rd_n32(r);
	c->name = rd_str(r);
	c->hits = rd_n64(r);
	if (!rd_ok(r))
		policy_counter_fini(c);
}

void
policy_counter_fini(struct policy_counter *c)
{
	free(c->policy);
	free(c->name);
	c->policy = c->name = NULL;
}
