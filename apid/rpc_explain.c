/* SPDX-License-Identifier: ISC */
/*
 * What policies do: bgpgg.v1.PolicyService.  The rde evaluates; here its
 * blocks become Path messages.
 */
#include "apid/rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apid/ask.h"
#include "apid/pb_peer.h"
#include "apid/pb_policy.h"
#include "common/bgp_attr.h"
#include "common/chan.h"
#include "common/msg_policy.h"
#include "common/xmalloc.h"
#include "proto/bgpgg/v1/policy.pb-c.h"

static void
put_text(struct pbw *w, uint32_t field, const char *text)
{
	if (text[0] != '\0')
		pbw_bytes(w, field, text, strlen(text));
}

/* Our own routes are from where they are shown to be everywhere. */
static struct addr
shown_source(const struct addr *source)
{
	return source->family == ADDR_NONE ? addr_ipv4(0x7f000001) : *source;
}

/* source is NULL where nothing is known of it. */
static void
put_block(struct apid *apid, struct pbw *w, uint32_t field,
    const uint8_t *block, uint16_t len, const struct addr *source)
{
	struct query_path path;

	if (len == 0)
		return;
	memset(&path, 0, sizeof(path));
	if (source != NULL)
		path.peer = shown_source(source);
	path.attrs = block;
	path.attrs_len = len;
	pb_path_put(&apid->encoder, w, field, &path);
}

/* --- TestPolicy */

static void
put_steps(struct pbw *w, const struct policy_report *r)
{
	struct pbw part = { 0 };
	uint16_t i;

	for (i = 0; i < r->n_steps; i++) {
		part.len = 0;
		put_text(&part, 1, r->steps[i].policy);
		pbw_uint_implicit(&part, 2, r->steps[i].statement);
		put_text(&part, 3, r->steps[i].name);
		pbw_bytes(w, 2, part.base, part.len);
	}
	pbw_free(&part);
}

static void
put_decision(struct pbw *w, const struct policy_report *r)
{
	const char *verb = r->accepted ? "accepted" : "rejected";
	const struct policy_step *last;
	char text[2 * CONF_NAME_MAX + 100];

	if (r->by_default || r->n_steps == 0)
		(void)snprintf(text, sizeof(text),
		    "%s by default: no statement decided", verb);
	else {
		last = &r->steps[r->n_steps - 1];
		(void)snprintf(text, sizeof(text),
		    "%s by statement %u%s%s%s of policy %s", verb,
		    last->statement, last->name[0] == '\0' ? "" : " (",
		    last->name, last->name[0] == '\0' ? "" : ")", last->policy);
	}
	put_text(w, 8, text);
}

static int
on_tested(struct ask *ask, const struct msg *msg)
{
	struct policy_report r;
	char source[ADDR_STRLEN];
	struct pbw w = { 0 };
	struct addr from;
	struct err e;
	struct rd rd;

	rd_init(&rd, msg->data, msg->hdr.len);
	err_get(&rd, &e);
	if (!rd_ok(&rd))
		return -1;
	if (e.code != ERR_OK) {
		call_fail(ask->call, &e);
		return 0;
	}
	msg_policy_report_get(&rd, &r);
	if (!rd_done(&rd)) {
		policy_report_fini(&r);
		return -1;
	}
	from = shown_source(&r.source);
	pbw_uint_implicit(&w, 1, r.accepted);
	put_steps(&w, &r);
	pbw_uint_implicit(&w, 3, r.by_default);
	put_text(&w, 4, ask->subject);
	put_text(&w, 5, addr_str(&from, source));
	put_block(ask->apid, &w, 6, r.before, r.before_len, &r.source);
	if (r.accepted)
		put_block(ask->apid, &w, 7, r.after, r.after_len, &r.source);
	put_decision(&w, &r);
	call_reply_bytes(ask->call, w.base, w.len);
	pbw_free(&w);
	policy_report_fini(&r);
	return 0;
}

static const struct ask_kind test_kind = {
	.to = PROC_RDE,
	.question = MSG_POLICY_TEST,
	.answer = MSG_POLICY_TEST_DONE,
	.on_answer = on_tested,
};

static int
get_route(const Bgpgg__V1__TestPolicyRequest *m, struct policy_test *t,
    struct wr *attrs, struct err *e)
{
	switch (m->route_case) {
	case BGPGG__V1__TEST_POLICY_REQUEST__ROUTE_PREFIX:
		return nlri_parse(m->prefix, &t->nlri, e);
	case BGPGG__V1__TEST_POLICY_REQUEST__ROUTE_CANDIDATE:
		if ((t->direction == CONF_IMPORT ?
			    pb_route_get_foreign(m->candidate, &t->nlri, attrs,
				e) :
			    pb_route_get(m->candidate, &t->nlri, attrs, e)) ==
		    -1)
			return -1;
		t->attrs = attrs->base;
		t->attrs_len = (uint16_t)wr_len(attrs);
		return 0;
	default:
		return err_set(e, ERR_INVALID,
		    "route: neither prefix nor candidate is given");
	}
}

void
rpc_test_policy(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgpgg__V1__TestPolicyRequest *m = (const void *)request;
	uint8_t memory[BGP_ATTR_BLOCK_MAX];
	char subject[NLRI_STRLEN];
	struct policy_test t;
	struct wr attrs, wr;
	struct err e;

	memset(&t, 0, sizeof(t));
	wr_init(&attrs, memory, sizeof(memory));
	if (pb_peer_address("peer_address", m->peer_address, &t.peer, NULL,
		&e) == -1 ||
	    pb_direction(m->direction, &t.direction, &e) == -1 ||
	    get_route(m, &t, &attrs, &e) == -1 ||
	    (m->source_address[0] != '\0' &&
		pb_peer_address("source_address", m->source_address, &t.source,
		    NULL, &e) == -1)) {
		call_fail(call, &e);
		return;
	}
	wr_init_grow(&wr, MSG_MAX);
	msg_policy_test_put(&wr, &t);
	ask_start(ctx, call, &test_kind, &wr, nlri_str(&t.nlri, subject));
	wr_free(&wr);
}

/* --- DryRun */

static void
put_sample(struct apid *apid, struct pbw *w, const struct policy_sample *s)
{
	char prefix[NLRI_STRLEN];
	struct pbw part = { 0 };

	pbw_uint_implicit(&part, 1, s->change);
	put_text(&part, 2, nlri_str(&s->nlri, prefix));
	put_block(apid, &part, 3, s->before, s->before_len, NULL);
	put_block(apid, &part, 4, s->after, s->after_len, NULL);
	pbw_bytes(w, 5, part.base, part.len);
	pbw_free(&part);
}

static int
on_tried(struct ask *ask, const struct msg *msg)
{
	struct policy_totals totals;
	struct policy_sample sample;
	struct pbw w = { 0 };
	struct err e;
	struct rd rd;

	rd_init(&rd, msg->data, msg->hdr.len);
	err_get(&rd, &e);
	if (!rd_ok(&rd))
		return -1;
	if (e.code != ERR_OK) {
		call_fail(ask->call, &e);
		return 0;
	}
	msg_policy_totals_get(&rd, &totals);
	pbw_uint_implicit(&w, 1, totals.examined);
	pbw_uint_implicit(&w, 2, totals.appear);
	pbw_uint_implicit(&w, 3, totals.vanish);
	pbw_uint_implicit(&w, 4, totals.change);
	while (rd_ok(&rd) && rd_left(&rd) > 0) {
		msg_policy_sample_get(&rd, &sample);
		if (rd_ok(&rd))
			put_sample(ask->apid, &w, &sample);
	}
	if (rd_done(&rd))
		call_reply_bytes(ask->call, w.base, w.len);
	pbw_free(&w);
	return rd_done(&rd) ? 0 : -1;
}

static const struct ask_kind dry_run_kind = {
	.to = PROC_RDE,
	.part = MSG_POLICY_DRY_RUN_PART,
	.question = MSG_POLICY_DRY_RUN,
	.answer = MSG_POLICY_DRY_RUN_DONE,
	.close = MSG_POLICY_DRY_RUN_CLOSE,
	.on_answer = on_tried,
};

static int
get_sets(const Bgpgg__V1__DryRunRequest *m, struct conf *trial, struct err *e)
{
	struct conf_set *set;
	char at[32];
	size_t i;

	for (i = 0; i < m->n_sets; i++) {
		(void)snprintf(at, sizeof(at), "sets[%zu]", i);
		set = pb_set_get(m->sets[i], at, e);
		if (set == NULL)
			return -1;
		if (conf_set_find(trial, (enum conf_set_kind)set->kind,
			set->name) != NULL) {
			conf_set_unref(set);
			return err_set(e, ERR_INVALID,
			    "%s: the same set a second time", at);
		}
		conf_set_put(trial, set);
	}
	return 0;
}

static int
get_policies(const Bgpgg__V1__DryRunRequest *m, struct conf *trial,
    struct err *e)
{
	struct conf_policy *policy;
	char at[32];
	size_t i;

	for (i = 0; i < m->n_policies; i++) {
		(void)snprintf(at, sizeof(at), "policies[%zu].", i);
		policy = pb_policy_get(m->policies[i], at, e);
		if (policy == NULL)
			return -1;
		if (conf_policy_find(trial, policy->name) != NULL) {
			conf_policy_unref(policy);
			return err_set(e, ERR_INVALID,
			    "%sname: the same policy a second time", at);
		}
		conf_policy_put(trial, policy);
	}
	return 0;
}

static void
put_set_items(struct wr *w, const struct conf_set *set)
{
	uint32_t i = 0;

	wr_n8(w, CONF_ITEM_SET);
	msg_conf_set_put(w, set, false);
	while (i < set->n && wr_ok(w)) {
		wr_n8(w, CONF_ITEM_SET_MEMBERS);
		i = msg_conf_members_put(w, set, i);
	}
}

static void
put_policy_items(struct wr *w, const struct conf_policy *policy)
{
	uint32_t i;

	wr_n8(w, CONF_ITEM_POLICY);
	msg_conf_policy_put(w, policy, false);
	for (i = 0; i < policy->n && wr_ok(w); i++) {
		wr_n8(w, CONF_ITEM_STATEMENT);
		msg_conf_statement_put(w, &policy->statements[i]);
	}
}

static int
get_dry_run(const Bgpgg__V1__DryRunRequest *m, struct policy_dry_run *d,
    struct conf *trial, struct err *e)
{
	const char *dflt =
	    m->_default_action_case != 0 ? m->default_action : NULL;

	if (pb_peer_address("peer_address", m->peer_address, &d->peer, NULL,
		e) == -1 ||
	    pb_direction(m->direction, &d->direction, e) == -1)
		return -1;
	if (m->samples > POLICY_SAMPLES_MAX)
		return err_set(e, ERR_INVALID, "samples: %u exceed %u",
		    m->samples, POLICY_SAMPLES_MAX);
	d->samples = (uint16_t)m->samples;
	if (pb_assignment_get(m->policy_names, m->n_policy_names, dflt,
		&d->assignment, e) == -1)
		return -1;
	if (get_sets(m, trial, e) == -1)
		return -1;
	return get_policies(m, trial, e);
}

void
rpc_dry_run(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgpgg__V1__DryRunRequest *m = (const void *)request;
	struct conf *trial = conf_new();
	struct policy_dry_run d;
	struct err e;
	struct wr wr;
	uint32_t i;

	memset(&d, 0, sizeof(d));
	if (get_dry_run(m, &d, trial, &e) == -1)
		call_fail(call, &e);
	else {
		wr_init_grow(&wr, POLICY_DRY_RUN_MAX);
		msg_policy_dry_run_put(&wr, &d);
		for (i = 0; i < trial->n_sets; i++)
			put_set_items(&wr, trial->sets[i]);
		for (i = 0; i < trial->n_policies; i++)
			put_policy_items(&wr, trial->policies[i]);
		ask_start(ctx, call, &dry_run_kind, &wr, "");
		wr_free(&wr);
	}
	policy_dry_run_fini(&d);
	conf_free(trial);
}

/* --- ListCounters: page by page */

struct counting {
	struct req req;
	struct apid *apid;
	struct call *call;
	char *only; /* this policy; NULL: all */
	struct policy_counters_from from;
	struct pbw out;
};

static void
counting_free(struct counting *c)
{
	req_close(&c->apid->reqs, &c->req);
	free(c->only);
	free(c->from.policy);
	pbw_free(&c->out);
	free(c);
}

static struct counting *
of_req(struct req *req)
{
	return (struct counting *)(void *)((char *)req -
	    offsetof(struct counting, req));
}

/* One counter into the reply, which it may fill; false: no more of them. */
static bool
take_counter(struct counting *c, struct policy_counter *row)
{
	struct pbw part = { 0 };
	bool more = c->only == NULL || strcmp(row->policy, c->only) == 0;

	if (more) {
		put_text(&part, 1, row->policy);
		pbw_uint_implicit(&part, 2, row->statement);
		put_text(&part, 3, row->name);
		pbw_uint_implicit(&part, 4, row->hits);
		pbw_bytes(&c->out, 1, part.base, part.len);
		pbw_free(&part);
	}
	free(c->from.policy);
	c->from.policy = row->policy;
	c->from.statement = row->statement;
	row->policy = NULL;
	return more;
}

static int ask_page(struct counting *, struct err *);

/* A page has come: 1 when it was the last, 0 if not, -1 if malformed. */
static int
take_page(struct counting *c, const struct msg *msg)
{
	struct policy_counter row;
	bool more, rows = false;
	struct rd rd;

	rd_init(&rd, msg->data, msg->hdr.len);
	more = rd_n8(&rd) != 0;
	while (rd_ok(&rd) && rd_left(&rd) > 0) {
		msg_policy_counter_get(&rd, &row);
		if (!rd_ok(&rd))
			return -1;
		rows = true;
		if (!take_counter(c, &row))
			more = false;
		policy_counter_fini(&row);
	}
	if (!rd_ok(&rd) || (more && !rows))
		return -1;
	return more ? 0 : 1;
}

static void
on_page(struct req *req, const struct msg *msg)
{
	struct counting *c = of_req(req);
	const struct conf *conf = c->apid->conf;
	struct apid *apid = c->apid;
	struct err e;
	int last;

	last = msg->hdr.type == MSG_POLICY_COUNTERS ? take_page(c, msg) : -1;
	if (last == -1) {
		/* Loses this request, too. */
		apid_broken(apid, PROC_RDE, msg_rules[msg->hdr.type].name);
		return;
	}
	req_close(&apid->reqs, &c->req);
	if (conf != NULL && c->out.len > conf->grpc_max_reply_bytes)
		call_failf(c->call, ERR_EXHAUSTED,
		    "the answer exceeds grpc_max_reply_bytes (%u): ask for "
		    "one policy at a time",
		    conf->grpc_max_reply_bytes);
	else if (last == 1)
		call_reply_bytes(c->call, c->out.base, c->out.len);
	else if (ask_page(c, &e) == 0)
		return;
	else
		call_fail(c->call, &e);
	counting_free(c);
}

static void
on_lost(struct req *req, const struct err *e)
{
	struct counting *c = of_req(req);

	call_fail(c->call, e);
	counting_free(c);
}

static const struct req_ops req_ops = { on_page, on_lost };

static int
ask_page(struct counting *c, struct err *e)
{
	uint8_t memory[CONF_NAME_MAX + 64];
	struct wr wr;

	wr_init(&wr, memory, sizeof(memory));
	msg_policy_counters_from_put(&wr, &c->from);
	return apid_ask(c->apid, &c->req, PROC_RDE, MSG_POLICY_COUNTERS_GET,
	    &wr, &req_ops, true, e);
}

static void
on_cancel(void *ctx)
{
	counting_free(ctx);
}

static const struct call_ops call_ops = { .on_cancel = on_cancel };

void
rpc_list_counters(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgpgg__V1__ListCountersRequest *m = (const void *)request;
	struct counting *c;
	struct err e;

	if (m->_policy_case != 0 && strlen(m->policy) > CONF_NAME_MAX) {
		call_failf(call, ERR_INVALID, "policy: %zu bytes exceed %u",
		    strlen(m->policy), CONF_NAME_MAX);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->apid = ctx;
	c->call = call;
	if (m->_policy_case != 0)
		c->only = xstrdup(m->policy);
	c->from.policy = xstrdup(c->only == NULL ? "" : c->only);
	if (ask_page(c, &e) == -1) {
		call_fail(call, &e);
		counting_free(c);
		return;
	}
	call_set_ops(call, &call_ops, c);
}
