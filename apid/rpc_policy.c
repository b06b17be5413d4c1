/* SPDX-License-Identifier: ISC */
/*
 * Sets, policies and assignments: changed by bgpd, listed from the
 * configuration in force.
 */
#include "apid/rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apid/ask.h"
#include "apid/listing.h"
#include "apid/pb_peer.h"
#include "apid/pb_policy.h"
#include "apid/server.h"
#include "common/policy_text.h"
#include "common/xmalloc.h"
#include "proto/bgp.pb-c.h"

void
rpc_add_defined_set(void *ctx, struct call *call,
    const ProtobufCMessage *request)
{
	const Bgp__AddDefinedSetRequest *m = (const void *)request;
	struct apid *apid = ctx;
	char message[ASK_SUBJECT];
	struct conf_edit edit;
	struct err e;
	bool there;

	memset(&edit, 0, sizeof(edit));
	edit.op = CONF_EDIT_SET_ADD;
	edit.replace = m->replace != 0;
	edit.set = pb_set_get(m->set, "set", &e);
	if (edit.set == NULL) {
		call_fail(call, &e);
		return;
	}
	there = edit.replace && apid->conf != NULL &&
	    conf_set_find(apid->conf, (enum conf_set_kind)edit.set->kind,
		edit.set->name) != NULL;
	(void)snprintf(message, sizeof(message), "%s %s %s",
	    conf_set_kind_text((enum conf_set_kind)edit.set->kind),
	    edit.set->name, there ? "replaced" : "added");
	ask_edit(apid, call, &edit, message);
	conf_edit_fini(&edit);
}

void
rpc_remove_defined_set(void *ctx, struct call *call,
    const ProtobufCMessage *request)
{
	const Bgp__RemoveDefinedSetRequest *m = (const void *)request;
	char message[ASK_SUBJECT];
	enum conf_set_kind kind;
	struct conf_edit edit;
	struct err e;

	if (pb_set_type("set_type", m->set_type, &kind, &e) == -1 ||
	    (!m->all && policy_name_check("name", m->name, &e) == -1)) {
		call_fail(call, &e);
		return;
	}
	memset(&edit, 0, sizeof(edit));
	edit.op = CONF_EDIT_SET_REMOVE;
	edit.set_kind = (uint8_t)kind;
	edit.all = m->all != 0;
	if (edit.all)
		(void)snprintf(message, sizeof(message), "every %s removed",
		    conf_set_kind_text(kind));
	else {
		edit.name = xstrdup(m->name);
		(void)snprintf(message, sizeof(message), "%s %s removed",
		    conf_set_kind_text(kind), m->name);
	}
	ask_edit(ctx, call, &edit, message);
	conf_edit_fini(&edit);
}

void
rpc_add_policy(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgp__AddPolicyRequest *m = (const void *)request;
	struct apid *apid = ctx;
	char message[ASK_SUBJECT];
	struct conf_edit edit;
	struct err e;
	bool there;

	memset(&edit, 0, sizeof(edit));
	edit.op = CONF_EDIT_POLICY_ADD;
	edit.policy = pb_policy_get(m, "", &e);
	if (edit.policy == NULL) {
		call_fail(call, &e);
		return;
	}
	there =
	    apid->conf != NULL && conf_policy_find(apid->conf, m->name) != NULL;
	(void)snprintf(message, sizeof(message), "policy %s %s", m->name,
	    there ? "replaced" : "added");
	ask_edit(apid, call, &edit, message);
	conf_edit_fini(&edit);
}

void
rpc_remove_policy(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgp__RemovePolicyRequest *m = (const void *)request;
	char message[ASK_SUBJECT];
	struct conf_edit edit;
	struct err e;

	if (policy_name_check("name", m->name, &e) == -1) {
		call_fail(call, &e);
		return;
	}
	memset(&edit, 0, sizeof(edit));
	edit.op = CONF_EDIT_POLICY_REMOVE;
	edit.name = xstrdup(m->name);
	(void)snprintf(message, sizeof(message), "policy %s removed", m->name);
	ask_edit(ctx, call, &edit, message);
	conf_edit_fini(&edit);
}

void
rpc_set_policy_assignment(void *ctx, struct call *call,
    const ProtobufCMessage *request)
{
	const Bgp__SetPolicyAssignmentRequest *m = (const void *)request;
	const char *dflt =
	    m->_default_action_case != 0 ? m->default_action : NULL;
	char text[ADDR_STRLEN], message[ASK_SUBJECT];
	struct conf_edit edit;
	struct err e;

	memset(&edit, 0, sizeof(edit));
	edit.op = CONF_EDIT_ASSIGN;
	if (m->afi != 0 || m->safi != 0) {
		call_failf(call, ERR_INVALID,
		    "afi, safi: policies are assigned for all families; leave "
		    "both 0");
		return;
	}
	if (pb_peer_address("peer_address", m->peer_address, &edit.peer.addr,
		NULL, &e) == -1 ||
	    pb_direction(m->direction, &edit.direction, &e) == -1 ||
	    pb_assignment_get(m->policy_names, m->n_policy_names, dflt,
		&edit.assignment, &e) == -1) {
		call_fail(call, &e);
		return;
	}
	(void)snprintf(message, sizeof(message),
	    "%u %s polic%s assigned to %s%s%s", edit.assignment.n, m->direction,
	    edit.assignment.n == 1 ? "y" : "ies",
	    addr_str(&edit.peer.addr, text), dflt == NULL ? "" : ", default ",
	    dflt == NULL ? "" : dflt);
	ask_edit(ctx, call, &edit, message);
	conf_edit_fini(&edit);
}

/* --- lists */

/* Everything that a list holds at a time, in a reply or on the way to one,
 * is bounded; false with the status sent if it is too much. */
static bool
has_room(struct apid *apid, struct call *call)
{
	if (server_unread(apid->server) <= LISTING_HELD_MAX)
		return true;
	call_failf(call, ERR_EXHAUSTED, "too many large answers at a time");
	return false;
}

static void
too_long(struct apid *apid, struct call *call, const char *advice)
{
	call_failf(call, ERR_EXHAUSTED,
	    "the answer exceeds grpc_max_reply_bytes (%u): %s",
	    apid->conf->grpc_max_reply_bytes, advice);
}

static bool
has_conf(struct apid *apid, struct call *call)
{
	if (apid->conf != NULL)
		return true;
	call_failf(call, ERR_UNAVAILABLE, "the daemon starts");
	return false;
}

static int
by_name(const void *left, const void *right)
{
	const struct conf_set *const *a = left, *const *b = right;
	int order = strcmp((*a)->name, (*b)->name);

	return order != 0 ? order : (int)(*a)->kind - (int)(*b)->kind;
}

void
rpc_list_defined_sets(void *ctx, struct call *call,
    const ProtobufCMessage *request)
{
	const Bgp__ListDefinedSetsRequest *m = (const void *)request;
	struct apid *apid = ctx;
	enum conf_set_kind kind = CONF_SET__MAX;
	const struct conf_set **sets;
	struct pbw w = { 0 };
	size_t i, n = 0;
	struct err e;
	bool fits = true;

	if (m->_set_type_case != 0 &&
	    pb_set_type("set_type", m->set_type, &kind, &e) == -1) {
		call_fail(call, &e);
		return;
	}
	if (!has_conf(apid, call) || !has_room(apid, call))
		return;
	sets = xcalloc((size_t)apid->conf->n_sets + 1, sizeof(*sets));
	for (i = 0; i < apid->conf->n_sets; i++)
		if ((kind == CONF_SET__MAX ||
			apid->conf->sets[i]->kind == kind) &&
		    (m->_name_case == 0 ||
			strcmp(apid->conf->sets[i]->name, m->name) == 0))
			sets[n++] = apid->conf->sets[i];
	qsort(sets, n, sizeof(*sets), by_name);
	for (i = 0; i < n && fits; i++)
		fits = pb_set_put(&w, 1, sets[i],
			   apid->conf->grpc_max_reply_bytes) == 0;
	if (fits)
		call_reply_bytes(call, w.base, w.len);
	else
		too_long(apid, call,
		    n == 1 ? "raise it in the configuration" :
			     "ask for one name or set_type at a time");
	pbw_free(&w);
	free(sets);
}

void
rpc_list_policies(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgp__ListPoliciesRequest *m = (const void *)request;
	struct apid *apid = ctx;
	struct pbw w = { 0 };
	bool fits = true;
	size_t i;

	if (!has_conf(apid, call) || !has_room(apid, call))
		return;
	for (i = 0; i < apid->conf->n_policies && fits; i++)
		if (m->_name_case == 0 ||
		    strcmp(apid->conf->policies[i]->name, m->name) == 0)
			fits = pb_policy_put(&w, 1, apid->conf->policies[i],
				   apid->conf->grpc_max_reply_bytes) == 0;
	if (fits)
		call_reply_bytes(call, w.base, w.len);
	else
		too_long(apid, call,
		    m->_name_case == 0 ? "ask for one name at a time" :
					 "raise it in the configuration");
	pbw_free(&w);
}
