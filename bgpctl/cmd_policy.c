/* SPDX-License-Identifier: ISC */
/*
 * Sets, policies, their assignment, and what they do.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bgpctl/policy_words.h"
#include "bgpctl/route.h"
#include "common/xmalloc.h"
#include "proto/bgpgg/v1/policy.pb-c.h"
#include "proto/optional.h"

enum { IMPORT, EXPORT };

const struct cmd_opt ctl_show_policy_opts[] = {
	{ "name", "NAME", "this one alone" },
	{ "counters", NULL, "how often each statement has held" },
	{ NULL, NULL, NULL },
};

const struct cmd_opt ctl_set_opts[] = {
	{ "member", "MEMBER", "one that reads like an option" },
	{ "file", "FILE", "a member a line; - is standard input" },
	{ NULL, NULL, NULL },
};

#define ASSIGN_OPTS                                                            \
	{ "policy", "NAME", "one that reads like an option" },                 \
	{                                                                      \
		"default", "VERDICT",                                          \
		    "accept or reject what no statement decides"               \
	}
const struct cmd_opt ctl_assign_opts[] = {
	ASSIGN_OPTS,
	{ NULL, NULL, NULL },
};
const struct cmd_opt ctl_dry_run_opts[] = {
	ASSIGN_OPTS,
	{ "samples", "N", "show so many changes, at most 100; default 10" },
	{ NULL, NULL, NULL },
};

const struct cmd_opt ctl_test_opts[] = {
	{ "source", "ADDR", "export: the neighbor that it is from" },
	{ "nexthop", "ADDR", "default: our address of each session" },
	{ "origin", "ORIGIN", "igp, egp or incomplete" },
	{ "as-path", "PATH", "\"65001 65002 {1,2}\"" },
	{ "local-pref", "N", NULL },
	{ "med", "N", NULL },
	{ "atomic-aggregate", NULL, "mark it" },
	{ "community", "A:B", "or a name such as no-export; repeatable" },
	{ "ext-community", "EC", "rt:A:B, soo:A:B or 0x and 16 digits" },
	{ "large-community", "A:B:C", "repeatable" },
	{ NULL, NULL, NULL },
};

/* --- what both kinds of things need */

/* Lines of a file, `-` being standard input; each goes to `take` without
 * its end.  An exit status. */
static int
each_line(struct ctl *ctl, const char *path,
    int (*take)(void *, char *, char *err, size_t err_len), void *arg)
{
	FILE *from = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *line = NULL, err[256];
	unsigned long n = 0;
	size_t cap = 0;
	ssize_t len;
	int status = CTL_DONE;

	if (from == NULL)
		return ctl_usage(ctl, "%s: cannot be opened", path);
	while (status == CTL_DONE && (len = getline(&line, &cap, from)) != -1) {
		n++;
		line[strcspn(line, "\r\n")] = '\0';
		if (take(arg, line, err, sizeof(err)) == -1)
			status = ctl_usage(ctl, "%s:%lu: %s", path, n, err);
	}
	free(line);
	if (from != stdin)
		(void)fclose(from);
	return status;
}

/* A request made of the draft, which is used up, in a call whose reply has
 * a message. */
static int
act_draft(struct ctl *ctl, const char *method, struct draft *d,
    const ProtobufCMessageDescriptor *request,
    const ProtobufCMessageDescriptor *reply)
{
	ProtobufCMessage *m =
	    protobuf_c_message_unpack(request, NULL, d->len, d->base);
	int status;

	draft_fini(d);
	if (m == NULL)
		return ctl_usage(ctl, "the words make no message");
	status = ctl_act(ctl, method, m, reply);
	protobuf_c_message_free_unpacked(m, NULL);
	return status;
}

/* "prefix" and "prefix-set" are the same; the caller frees. */
static char *
set_type(const char *text)
{
	const char *end = strrchr(text, '-');

	return xasprintf("%s%s", text,
	    end != NULL && strcmp(end, "-set") == 0 ? "" : "-set");
}

/* --- sets */

static const struct {
	const char *type;
	unsigned int field; /* of the oneof in DefinedSetConfig */
} set_types[] = {
	{ "prefix-set", 3 },
	{ "as-path-set", 4 },
	{ "community-set", 5 },
	{ "neighbor-set", 6 },
	{ "large-community-set", 7 },
	{ "ext-community-set", 8 },
};

struct set_draft {
	bool prefixes;
	struct draft data;
};

static void
add_set_member(struct set_draft *set, const char *text)
{
	struct draft part = { NULL, 0 };
	const char *blank = strchr(text, ' ');
	char *prefix;

	if (!set->prefixes) {
		draft_text(&set->data, 1, text);
		return;
	}
	if (blank == NULL)
		draft_text(&part, 1, text);
	else {
		prefix = xasprintf("%.*s", (int)(blank - text), text);
		draft_text(&part, 1, prefix);
		draft_text(&part, 2, blank + strspn(blank, " "));
		free(prefix);
	}
	draft_part(&set->data, 1, &part);
	draft_fini(&part);
}

/* A line is a member; a pattern may have blanks and # in it. */
static int
take_member(void *arg, char *line, char *err, size_t err_len)
{
	size_t len;

	(void)err;
	(void)err_len;
	line += strspn(line, " \t");
	len = strlen(line);
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		line[--len] = '\0';
	if (len > 0 && line[0] != '#')
		add_set_member(arg, line);
	return 0;
}

static int
get_members(struct ctl *ctl, const struct cmd_args *args, struct set_draft *set)
{
	int status = CTL_DONE;
	size_t i;

	for (i = 0; i < args->n_free_values; i++)
		add_set_member(set, args->free_values[i]);
	for (i = 0; i < args->n_options && status == CTL_DONE; i++)
		if (strcmp(args->options[i].opt->word, "member") == 0)
			add_set_member(set, args->options[i].value);
		else
			status = each_line(ctl, args->options[i].value,
			    take_member, set);
	return status;
}

static int
put_set(struct ctl *ctl, const struct cmd_args *args, bool replace)
{
	struct set_draft set = { false, { NULL, 0 } };
	struct draft config = { NULL, 0 }, request = { NULL, 0 };
	char *type = set_type(args->values[0]);
	unsigned int field = 3;
	size_t i;
	int status;

	/* What the daemon does not know it refuses. */
	for (i = 0; i < nitems(set_types); i++)
		if (strcmp(set_types[i].type, type) == 0)
			field = set_types[i].field;
	set.prefixes = field == 3;
	draft_text(&config, 1, type);
	draft_text(&config, 2, args->values[1]);
	status = get_members(ctl, args, &set);
	draft_part(&config, field, &set.data);
	draft_part(&request, 1, &config);
	draft_number(&request, 2, replace);
	if (status == CTL_DONE)
		status = act_draft(ctl, "AddDefinedSet", &request,
		    &bgp__add_defined_set_request__descriptor,
		    &bgp__add_defined_set_response__descriptor);
	draft_fini(&request);
	draft_fini(&config);
	draft_fini(&set.data);
	free(type);
	return status;
}

int
ctl_set_add(struct ctl *ctl, const struct cmd_args *args)
{
	return put_set(ctl, args, false);
}

int
ctl_set_replace(struct ctl *ctl, const struct cmd_args *args)
{
	return put_set(ctl, args, true);
}

static int
remove_sets(struct ctl *ctl, const char *type_text, const char *name)
{
	char *type = set_type(type_text);
	struct draft request = { NULL, 0 };

	draft_text(&request, 1, type);
	if (name != NULL)
		draft_text(&request, 2, name);
	draft_number(&request, 3, name == NULL);
	free(type);
	return act_draft(ctl, "RemoveDefinedSet", &request,
	    &bgp__remove_defined_set_request__descriptor,
	    &bgp__remove_defined_set_response__descriptor);
}

int
ctl_set_remove(struct ctl *ctl, const struct cmd_args *args)
{
	return remove_sets(ctl, args->values[0], args->values[1]);
}

int
ctl_set_clear(struct ctl *ctl, const struct cmd_args *args)
{
	return remove_sets(ctl, args->values[0], NULL);
}

static void
put_texts(FILE *to, char *const *texts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		fprintf(to, "  %s\n", texts[i]);
}

static void
put_set_text(FILE *to, const Bgp__DefinedSetInfo *set)
{
	const Bgp__PrefixMatch *p;
	size_t i;

	fprintf(to, "%s %s\n", set->set_type, set->name);
	switch (set->set_data_case) {
	case BGP__DEFINED_SET_INFO__SET_DATA_PREFIX_SET:
		for (i = 0; i < set->prefix_set->n_prefixes; i++) {
			p = set->prefix_set->prefixes[i];
			fprintf(to, "  %s%s%s\n", p->prefix,
			    p->_masklength_range_case == 0 ? "" : " ",
			    p->_masklength_range_case == 0 ?
				"" :
				p->masklength_range);
		}
		break;
	case BGP__DEFINED_SET_INFO__SET_DATA_AS_PATH_SET:
		put_texts(to, set->as_path_set->patterns,
		    set->as_path_set->n_patterns);
		break;
	case BGP__DEFINED_SET_INFO__SET_DATA_COMMUNITY_SET:
		put_texts(to, set->community_set->communities,
		    set->community_set->n_communities);
		break;
	case BGP__DEFINED_SET_INFO__SET_DATA_NEIGHBOR_SET:
		put_texts(to, set->neighbor_set->addresses,
		    set->neighbor_set->n_addresses);
		break;
	case BGP__DEFINED_SET_INFO__SET_DATA_LARGE_COMMUNITY_SET:
		put_texts(to, set->large_community_set->large_communities,
		    set->large_community_set->n_large_communities);
		break;
	case BGP__DEFINED_SET_INFO__SET_DATA_EXT_COMMUNITY_SET:
		put_texts(to, set->ext_community_set->ext_communities,
		    set->ext_community_set->n_ext_communities);
		break;
	default:
		break;
	}
}

int
ctl_show_sets(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__ListDefinedSetsRequest m;
	Bgp__ListDefinedSetsResponse *reply;
	char *type = NULL, *name = NULL;
	size_t i;
	int status;

	bgp__list_defined_sets_request__init(&m);
	if (args->n_values > 0) {
		type = set_type(args->values[0]);
		m._set_type_case = PB_CASE(LIST_DEFINED_SETS_REQUEST, SET_TYPE);
		m.set_type = type;
	}
	if (args->n_values > 1) {
		name = xstrdup(args->values[1]);
		m._name_case = PB_CASE(LIST_DEFINED_SETS_REQUEST, NAME);
		m.name = name;
	}
	reply = (void *)ctl_call(ctl, "ListDefinedSets", &m.base,
	    &bgp__list_defined_sets_response__descriptor, &status);
	free(type);
	free(name);
	if (reply == NULL)
		return status;
	if (ctl->json_out) {
		ctl_put_message_json(ctl, NULL, &reply->base);
		json_done(&ctl->json);
	} else {
		for (i = 0; i < reply->n_sets; i++)
			put_set_text(ctl->out, reply->sets[i]);
		if (reply->n_sets == 0)
			fprintf(ctl->out, "No sets\n");
	}
	protobuf_c_message_free_unpacked(&reply->base, NULL);
	return CTL_DONE;
}

/* --- policies */

static int
take_statement(void *arg, char *line, char *err, size_t err_len)
{
	static const struct cmd grammar[] = {
		{ "statement", NULL, ctl_policy_opts, NULL, "" },
	};
	const char *words[CMD_OPTIONS * 2] = { "statement" };
	struct draft *request = arg;
	struct cmd_args args;
	int n;

	n = cmd_split(line, words + 1, CMD_OPTIONS * 2 - 1);
	if (n == 0)
		return 0;
	if (n == -1) {
		(void)snprintf(err, err_len,
		    "too many words, or a quote is open");
		return -1;
	}
	if (cmd_parse(grammar, 1, n + 1, words, &args, err, err_len) == -1)
		return -1;
	return policy_words(&args, request, 2, err, err_len);
}

int
ctl_policy_add(struct ctl *ctl, const struct cmd_args *args)
{
	struct draft request = { NULL, 0 };
	const char *file = cmd_value(args, "file");
	char err[256];
	int status = CTL_DONE;

	draft_text(&request, 1, args->values[0]);
	if (policy_words(args, &request, 2, err, sizeof(err)) == -1)
		status = ctl_usage(ctl, "%s", err);
	else if (file != NULL)
		status = each_line(ctl, file, take_statement, &request);
	if (status == CTL_DONE)
		status = act_draft(ctl, "AddPolicy", &request,
		    &bgp__add_policy_request__descriptor,
		    &bgp__add_policy_response__descriptor);
	draft_fini(&request);
	return status;
}

int
ctl_policy_remove(struct ctl *ctl, const struct cmd_args *args)
{
	struct draft request = { NULL, 0 };

	draft_text(&request, 1, args->values[0]);
	return act_draft(ctl, "RemovePolicy", &request,
	    &bgp__remove_policy_request__descriptor,
	    &bgp__remove_policy_response__descriptor);
}

static void
put_policy_text(FILE *to, const Bgp__PolicyInfo *policy)
{
	const Bgp__StatementInfo *st;
	size_t i;

	fprintf(to, "policy %s\n", policy->name);
	for (i = 0; i < policy->n_statements; i++) {
		st = policy->statements[i];
		fprintf(to, "  statement %zu", i + 1);
		if (st->_name_case != 0)
			fprintf(to, " (%s)", st->name);
		fprintf(to, "\n");
		if (st->conditions != NULL)
			ctl_put_members(to, 4, &st->conditions->base);
		if (st->actions != NULL) {
			fprintf(to, "    then\n");
			ctl_put_members(to, 6, &st->actions->base);
		}
	}
}

static int
show_counters(struct ctl *ctl, char *name)
{
	Bgpgg__V1__ListCountersRequest m;
	Bgpgg__V1__ListCountersResponse *reply;
	const Bgpgg__V1__PolicyCounter *c;
	size_t i;
	int status;

	bgpgg__v1__list_counters_request__init(&m);
	if (name != NULL) {
		m._policy_case =
		    BGPGG__V1__LIST_COUNTERS_REQUEST___POLICY_POLICY;
		m.policy = name;
	}
	reply = (void *)ctl_call(ctl, "/bgpgg.v1.PolicyService/ListCounters",
	    &m.base, &bgpgg__v1__list_counters_response__descriptor, &status);
	if (reply == NULL)
		return status;
	if (ctl->json_out) {
		ctl_put_message_json(ctl, NULL, &reply->base);
		json_done(&ctl->json);
	}
	for (i = 0; !ctl->json_out && i < reply->n_counters; i++) {
		c = reply->counters[i];
		if (i == 0)
			fprintf(ctl->out, "%20s  %-9s  %s\n", "hits",
			    "statement", "policy");
		fprintf(ctl->out, "%20" PRIu64 "  %-9u  %s%s%s%s\n", c->hits,
		    c->statement, c->policy, c->name[0] == '\0' ? "" : " (",
		    c->name, c->name[0] == '\0' ? "" : ")");
	}
	if (!ctl->json_out && reply->n_counters == 0)
		fprintf(ctl->out, "No policies\n");
	protobuf_c_message_free_unpacked(&reply->base, NULL);
	return CTL_DONE;
}

static int
show_policies(struct ctl *ctl, char *name)
{
	Bgp__ListPoliciesRequest m;
	Bgp__ListPoliciesResponse *reply;
	size_t i;
	int status;

	bgp__list_policies_request__init(&m);
	if (name != NULL) {
		m._name_case = PB_CASE(LIST_POLICIES_REQUEST, NAME);
		m.name = name;
	}
	reply = (void *)ctl_call(ctl, "ListPolicies", &m.base,
	    &bgp__list_policies_response__descriptor, &status);
	if (reply == NULL)
		return status;
	if (ctl->json_out) {
		ctl_put_message_json(ctl, NULL, &reply->base);
		json_done(&ctl->json);
	} else {
		for (i = 0; i < reply->n_policies; i++)
			put_policy_text(ctl->out, reply->policies[i]);
		if (reply->n_policies == 0)
			fprintf(ctl->out, "No policies\n");
	}
	protobuf_c_message_free_unpacked(&reply->base, NULL);
	return CTL_DONE;
}

int
ctl_show_policy(struct ctl *ctl, const struct cmd_args *args)
{
	const char *given = cmd_value(args, "name");
	char *name;
	int status;

	if (given == NULL)
		given = args->free_value;
	name = given == NULL ? NULL : xstrdup(given);
	if (cmd_has(args, "counters"))
		status = show_counters(ctl, name);
	else
		status = show_policies(ctl, name);
	free(name);
	return status;
}

/* --- assignment */

/* Address, direction, names and default of the two requests that have them,
 * under the same numbers. */
static void
put_assignment(struct draft *d, const struct cmd_args *args, int direction)
{
	size_t i;

	draft_text(d, 1, args->values[0]);
	draft_text(d, 2, direction == IMPORT ? "import" : "export");
	for (i = 0; i < args->n_free_values; i++)
		draft_text(d, 3, args->free_values[i]);
	for (i = 0; i < args->n_options; i++)
		if (strcmp(args->options[i].opt->word, "policy") == 0)
			draft_text(d, 3, args->options[i].value);
	if (cmd_value(args, "default") != NULL)
		draft_text(d, 4, cmd_value(args, "default"));
}

static int
assign(struct ctl *ctl, const struct cmd_args *args, int direction)
{
	struct draft request = { NULL, 0 };

	put_assignment(&request, args, direction);
	return act_draft(ctl, "SetPolicyAssignment", &request,
	    &bgp__set_policy_assignment_request__descriptor,
	    &bgp__set_policy_assignment_response__descriptor);
}

int
ctl_policy_assign_import(struct ctl *ctl, const struct cmd_args *args)
{
	return assign(ctl, args, IMPORT);
}

int
ctl_policy_assign_export(struct ctl *ctl, const struct cmd_args *args)
{
	return assign(ctl, args, EXPORT);
}

/* --- what they do */

static void
put_path(FILE *to, const char *head, const Bgp__Path *path)
{
	if (path == NULL)
		return;
	fprintf(to, "  %s\n", head);
	ctl_put_path_attributes(to, path);
}

static void
put_test_text(FILE *to, const Bgpgg__V1__TestPolicyResponse *r)
{
	const Bgpgg__V1__PolicyStep *step;
	size_t i;

	fprintf(to, "%s from %s\n", r->prefix, r->source_address);
	for (i = 0; i < r->n_steps; i++) {
		step = r->steps[i];
		fprintf(to, "  policy %s statement %u%s%s%s: %s\n",
		    step->policy, step->statement,
		    step->name[0] == '\0' ? "" : " (", step->name,
		    step->name[0] == '\0' ? "" : ")",
		    i + 1 < r->n_steps || r->by_default ? "goes on" :
			r->accepted                     ? "accepts" :
							  "rejects");
	}
	fprintf(to, "  %s\n", r->message);
	put_path(to, "before", r->before);
	put_path(to, "after", r->after);
}

static int
test_route(struct ctl *ctl, Bgpgg__V1__TestPolicyRequest *m)
{
	Bgpgg__V1__TestPolicyResponse *reply;
	int status;

	reply = (void *)ctl_call(ctl, "/bgpgg.v1.PolicyService/TestPolicy",
	    &m->base, &bgpgg__v1__test_policy_response__descriptor, &status);
	if (reply == NULL)
		return status;
	if (ctl->json_out) {
		ctl_put_message_json(ctl, NULL, &reply->base);
		json_done(&ctl->json);
	} else
		put_test_text(ctl->out, reply);
	protobuf_c_message_free_unpacked(&reply->base, NULL);
	return CTL_DONE;
}

static int
test_policy(struct ctl *ctl, const struct cmd_args *args, int direction)
{
	static char import[] = "import", export[] = "export";
	const char *source = cmd_value(args, "source");
	bool made_up = args->n_options > (source == NULL ? 0u : 1u);
	char *address = xstrdup(args->values[0]), err[256];
	char *from = xstrdup(source == NULL ? "" : source);
	struct route *r = xcalloc(1, sizeof(*r));
	Bgpgg__V1__TestPolicyRequest m;
	int status;

	bgpgg__v1__test_policy_request__init(&m);
	m.peer_address = address;
	m.direction = direction == IMPORT ? import : export;
	m.source_address = from;
	if (route_init(r, args, err, sizeof(err)) == -1) {
		status = ctl_usage(ctl, "%s", err);
	} else {
		if (made_up) {
			m.route_case =
			    BGPGG__V1__TEST_POLICY_REQUEST__ROUTE_CANDIDATE;
			m.candidate = &r->m;
		} else {
			m.route_case =
			    BGPGG__V1__TEST_POLICY_REQUEST__ROUTE_PREFIX;
			m.prefix = r->prefix;
		}
		status = test_route(ctl, &m);
		route_fini(r);
	}
	free(r);
	free(from);
	free(address);
	return status;
}

int
ctl_policy_test_import(struct ctl *ctl, const struct cmd_args *args)
{
	return test_policy(ctl, args, IMPORT);
}

int
ctl_policy_test_export(struct ctl *ctl, const struct cmd_args *args)
{
	return test_policy(ctl, args, EXPORT);
}

static void
put_dry_run_text(FILE *to, const Bgpgg__V1__DryRunResponse *r)
{
	static const char *const words[] = { "appears", "vanishes", "changes" };
	const Bgpgg__V1__DryRunSample *s;
	size_t i;

	fprintf(to,
	    "%" PRIu64 " routes: %" PRIu64 " would appear, %" PRIu64
	    " vanish, %" PRIu64 " change\n",
	    r->examined, r->appear, r->vanish, r->change);
	for (i = 0; i < r->n_samples; i++) {
		s = r->samples[i];
		fprintf(to, "%s %s\n", s->prefix,
		    (size_t)s->change < nitems(words) ? words[s->change] : "?");
		put_path(to, "before", s->before);
		put_path(to, "after", s->after);
	}
}

static int
dry_run(struct ctl *ctl, const struct cmd_args *args, int direction)
{
	const char *samples = cmd_value(args, "samples");
	struct draft request = { NULL, 0 };
	Bgpgg__V1__DryRunResponse *reply;
	Bgpgg__V1__DryRunRequest *m;
	uint64_t n = 10;
	int status;

	if (samples != NULL && !ctl_number(samples, UINT32_MAX, &n))
		return ctl_usage(ctl, "samples: \"%s\" is not valid", samples);
	put_assignment(&request, args, direction);
	draft_number(&request, 7, n);
	m = bgpgg__v1__dry_run_request__unpack(NULL, request.len, request.base);
	draft_fini(&request);
	if (m == NULL)
		return ctl_usage(ctl, "the words make no message");
	reply = (void *)ctl_call(ctl, "/bgpgg.v1.PolicyService/DryRun",
	    &m->base, &bgpgg__v1__dry_run_response__descriptor, &status);
	bgpgg__v1__dry_run_request__free_unpacked(m, NULL);
	if (reply == NULL)
		return status;
	if (ctl->json_out) {
		ctl_put_message_json(ctl, NULL, &reply->base);
		json_done(&ctl->json);
	} else
		put_dry_run_text(ctl->out, reply);
	protobuf_c_message_free_unpacked(&reply->base, NULL);
	return CTL_DONE;
}

int
ctl_policy_dry_run_import(struct ctl *ctl, const struct cmd_args *args)
{
	return dry_run(ctl, args, IMPORT);
}

int
ctl_policy_dry_run_export(struct ctl *ctl, const struct cmd_args *args)
{
	return dry_run(ctl, args, EXPORT);
}
