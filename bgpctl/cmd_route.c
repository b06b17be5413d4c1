/* SPDX-License-Identifier: ISC */
/*
 * Routes: lists, and single ones in and out.
 */
#include "bgpctl/route.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bgpctl/progress.h"
#include "common/addr.h"
#include "common/aspath.h"
#include "common/community.h"
#include "common/xmalloc.h"
#include "proto/bgpgg/v1/route.pb-c.h"
#include "proto/optional.h"

const struct cmd_opt ctl_show_rib_opts[] = {
	{ "in", NULL, "what the neighbor sent, before policy" },
	{ "out", NULL, "what is sent to the neighbor" },
	{ "neighbor", "ADDR", "whose; with in or out" },
	{ "or-longer", NULL, "also what PREFIX covers" },
	{ "covering", NULL, "also what covers PREFIX" },
	{ "best", NULL, "the chosen path of each alone" },
	{ "community", "A:B", "paths that carry it" },
	{ "source-as", "N", "paths that begin in this AS" },
	{ "ipv4", NULL, "IPv4 alone" },
	{ "ipv6", NULL, "IPv6 alone" },
	{ "inet", NULL, "IPv4 alone" },
	{ "inet6", NULL, "IPv6 alone" },
	{ "detail", NULL, "all attributes" },
	{ NULL, NULL, NULL },
};

const struct cmd_opt ctl_network_add_opts[] = {
	{ "nexthop", "ADDR", "default: our address of each session" },
	{ "origin", "ORIGIN", "igp, egp or incomplete" },
	{ "as-path", "PATH", "\"65001 65002 {1,2}\"" },
	{ "local-pref", "N", "default 100" },
	{ "med", "N", "default none" },
	{ "atomic-aggregate", NULL, "mark it" },
	{ "community", "A:B", "or a name such as no-export; repeatable" },
	{ "ext-community", "EC", "rt:A:B, soo:A:B or 0x and 16 digits" },
	{ "large-community", "A:B:C", "repeatable" },
	{ NULL, NULL, NULL },
};

struct rib_walk {
	bool (*on_route)(void *ctx, const Bgp__Route *);
	void *ctx;
};

static bool
on_route(void *arg, const ProtobufCMessage *m)
{
	const struct rib_walk *walk = arg;

	return walk->on_route(walk->ctx, (const void *)m);
}

static bool
on_batch(void *arg, const ProtobufCMessage *m)
{
	const Bgpgg__V1__RouteBatch *batch = (const void *)m;
	const struct rib_walk *walk = arg;
	bool more = true;
	size_t i;

	for (i = 0; more && i < batch->n_routes; i++)
		more = walk->on_route(walk->ctx, batch->routes[i]);
	return more;
}

/* In batches, or a message a route where the daemon knows no batches. */
int
rib_query_run(struct ctl *ctl, const struct rib_query *q,
    bool (*each)(void *ctx, const Bgp__Route *), void *ctx,
    struct client_status *status)
{
	struct rib_walk walk = { each, ctx };

	if (client_stream(ctl->client, "/bgpgg.v1.RouteService/ListRoutes",
		&q->m.base, &bgpgg__v1__route_batch__descriptor, on_batch,
		&walk, status) == 0)
		return 0;
	if (!client_is_unimplemented(status))
		return -1;
	client_status_fini(status);
	return client_stream(ctl->client, "/bgp.BgpService/ListRoutesStream",
	    &q->m.base, &bgp__route__descriptor, on_route, &walk, status);
}

/* The filters of show rib.  An exit status; CTL_DONE if they are sound.
 * *prefix is owned by the caller. */
static int
get_filters(struct ctl *ctl, const struct cmd_args *args,
    Bgp__ListRoutesRequest *m, char **prefix)
{
	const char *text = args->free_value;
	bool host = text != NULL && strchr(text, '/') == NULL;
	bool v4 = cmd_has(args, "ipv4") || cmd_has(args, "inet");
	bool v6 = cmd_has(args, "ipv6") || cmd_has(args, "inet6");
	uint64_t v;

	if (v4 != v6) {
		m->_afi_case = PB_CASE(LIST_ROUTES_REQUEST, AFI);
		m->afi = v6 ? 2 : 1;
	}
	if (text != NULL) {
		*prefix = xasprintf("%s%s", text,
		    !host                 ? "" :
			strchr(text, ':') ? "/128" :
					    "/32");
		m->_prefix_case = PB_CASE(LIST_ROUTES_REQUEST, PREFIX);
		m->prefix = *prefix;
		m->_prefix_match_case =
		    PB_CASE(LIST_ROUTES_REQUEST, PREFIX_MATCH);
		if (cmd_has(args, "or-longer"))
			m->prefix_match = BGP__PREFIX_SCOPE__PREFIX_LONGER;
		else if (host || cmd_has(args, "covering"))
			m->prefix_match = BGP__PREFIX_SCOPE__PREFIX_COVERING;
		else
			m->prefix_match = BGP__PREFIX_SCOPE__PREFIX_EXACT;
	}
	m->best_only = cmd_has(args, "best");
	text = cmd_value(args, "community");
	if (text != NULL) {
		m->_community_case = PB_CASE(LIST_ROUTES_REQUEST, COMMUNITY);
		if (community_parse(text, &m->community) == -1)
			return ctl_usage(ctl, "\"%s\" is no community", text);
	}
	text = cmd_value(args, "source-as");
	if (text != NULL) {
		if (!ctl_number(text, UINT32_MAX, &v))
			return ctl_usage(ctl, "\"%s\" is no AS number", text);
		m->_origin_as_case = PB_CASE(LIST_ROUTES_REQUEST, ORIGIN_AS);
		m->origin_as = (uint32_t)v;
	}
	return CTL_DONE;
}

int
rib_query_init(struct ctl *ctl, const struct cmd_args *args,
    struct rib_query *q)
{
	const char *neighbor = cmd_value(args, "neighbor");
	bool in = cmd_has(args, "in"), out = cmd_has(args, "out");
	int status;

	memset(q, 0, sizeof(*q));
	bgp__list_routes_request__init(&q->m);
	if (in && out)
		return ctl_usage(ctl, "either in or out");
	if ((in || out) != (neighbor != NULL))
		return ctl_usage(ctl,
		    "in and out go with a neighbor: show rib in neighbor "
		    "ADDR");
	status = get_filters(ctl, args, &q->m, &q->prefix);
	if (status != CTL_DONE) {
		rib_query_fini(q);
		return status;
	}
	q->m._rib_type_case = PB_CASE(LIST_ROUTES_REQUEST, RIB_TYPE);
	q->m.rib_type = in ? BGP__RIB_TYPE__ADJ_IN :
	    out            ? BGP__RIB_TYPE__ADJ_OUT :
			     BGP__RIB_TYPE__GLOBAL;
	if (neighbor != NULL) {
		q->peer = xstrdup(neighbor);
		q->m._peer_address_case =
		    PB_CASE(LIST_ROUTES_REQUEST, PEER_ADDRESS);
		q->m.peer_address = q->peer;
	}
	return CTL_DONE;
}

void
rib_query_fini(struct rib_query *q)
{
	free(q->prefix);
	free(q->peer);
	memset(q, 0, sizeof(*q));
}

struct show_walk {
	struct ctl *ctl;
	uint64_t count;
	bool detail;
	struct progress progress;
};

static bool
show_route(void *arg, const Bgp__Route *route)
{
	struct show_walk *walk = arg;
	struct ctl *ctl = walk->ctl;

	if (!ctl->json_out && !walk->detail && walk->count == 0)
		ctl_put_route_head(ctl);
	walk->count++;
	ctl_put_route(ctl, route, walk->detail);
	progress_show(&walk->progress, walk->count);
	/* Nobody reads any more: let the daemon stop as well. */
	return !ferror(ctl->out);
}

int
ctl_show_rib(struct ctl *ctl, const struct cmd_args *args)
{
	struct show_walk walk = { .ctl = ctl };
	struct client_status status = { 0, NULL };
	struct rib_query q;
	int exit_status, failed;

	exit_status = rib_query_init(ctl, args, &q);
	if (exit_status != CTL_DONE)
		return exit_status;
	walk.detail = cmd_has(args, "detail");
	progress_init(&walk.progress, ctl->err, ctl->out, "routes");
	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		json_array(&ctl->json, "routes");
	}
	failed = rib_query_run(ctl, &q, show_route, &walk, &status);
	progress_end(&walk.progress);
	rib_query_fini(&q);
	if (ctl->json_out) {
		json_array_end(&ctl->json);
		json_bool(&ctl->json, "complete", failed == 0);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
		json_init(&ctl->json, ctl->out);
	} else if (failed == 0 && walk.count == 0)
		fprintf(ctl->out, "No routes\n");
	if (failed == -1)
		return ctl_refused(ctl, &status);
	client_status_fini(&status);
	return CTL_DONE;
}

void
route_fini(struct route *r)
{
	free(r->prefix);
	free(r->next_hop);
	free(r->segments);
	free(r->segment_list);
	free(r->asns);
}

static int
get_as_path(struct route *r, const char *text)
{
	struct aspath_segment segment;
	struct wr wr;
	struct rd rd;
	size_t n_segments = 0, n_asns = 0, s = 0, a = 0;
	unsigned int i;

	wr_init_grow(&wr, 65536);
	if (aspath_parse(text, &wr) == -1 || !wr_ok(&wr)) {
		wr_free(&wr);
		return -1;
	}
	rd_init(&rd, wr.base, wr_len(&wr));
	while (aspath_next(&rd, &segment)) {
		n_segments++;
		n_asns += segment.count;
	}
	r->segments = xcalloc(n_segments + 1, sizeof(*r->segments));
	r->segment_list = xcalloc(n_segments + 1, sizeof(*r->segment_list));
	r->asns = xcalloc(n_asns + 1, sizeof(*r->asns));
	rd_init(&rd, wr.base, wr_len(&wr));
	while (aspath_next(&rd, &segment)) {
		bgp__as_path_segment__init(&r->segments[s]);
		r->segments[s].segment_type = segment.type == BGP_SEGMENT_SET ?
		    BGP__AS_PATH_SEGMENT_TYPE__AS_SET :
		    BGP__AS_PATH_SEGMENT_TYPE__AS_SEQUENCE;
		r->segments[s].asns = &r->asns[a];
		r->segments[s].n_asns = segment.count;
		for (i = 0; i < segment.count; i++)
			r->asns[a++] = aspath_asn(&segment, i);
		r->segment_list[s] = &r->segments[s];
		s++;
	}
	wr_free(&wr);
	r->m.as_path = r->segment_list;
	r->m.n_as_path = s;
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* "rt:A:B", "soo:A:B" with A an AS number or IPv4, or "0x" and 16 digits. */
static int
parse_ext(const char *text, uint8_t wire[8])
{
	char first[64];
	const char *colon;
	struct addr a;
	uint64_t asn, local;
	uint32_t hi, lo;
	int i, high, low;

	memset(wire, 0, 8);
	if (strncmp(text, "0x", 2) == 0 && strlen(text) == 18) {
		for (i = 0; i < 8; i++) {
			high = hex_digit(text[2 + 2 * i]);
			low = hex_digit(text[3 + 2 * i]);
			if (high == -1 || low == -1)
				return -1;
			wire[i] = (uint8_t)(high << 4 | low);
		}
		return 0;
	}
	if (strncmp(text, "rt:", 3) == 0)
		wire[1] = 2;
	else if (strncmp(text, "soo:", 4) == 0)
		wire[1] = 3;
	else
		return -1;
	text = strchr(text, ':') + 1;
	colon = strchr(text, ':');
	if (colon == NULL || (size_t)(colon - text) >= sizeof(first))
		return -1;
	memcpy(first, text, (size_t)(colon - text));
	first[colon - text] = '\0';
	if (!ctl_number(colon + 1, UINT32_MAX, &local))
		return -1;
	if (addr_parse(first, &a) == 0 && a.family == ADDR_IPV4) {
		wire[0] = 1;
		hi = addr_to_u32(&a);
	} else {
		if (!ctl_number(first, UINT32_MAX, &asn))
			return -1;
		wire[0] = asn > UINT16_MAX ? 2 : 0;
		hi = (uint32_t)asn;
	}
	lo = (uint32_t)local;
	if (wire[0] == 0) {
		wire[2] = (uint8_t)(hi >> 8);
		wire[3] = (uint8_t)hi;
		wire[4] = (uint8_t)(lo >> 24);
		wire[5] = (uint8_t)(lo >> 16);
	} else {
		if (lo > UINT16_MAX)
			return -1;
		wire[2] = (uint8_t)(hi >> 24);
		wire[3] = (uint8_t)(hi >> 16);
		wire[4] = (uint8_t)(hi >> 8);
		wire[5] = (uint8_t)hi;
	}
	wire[6] = (uint8_t)(lo >> 8);
	wire[7] = (uint8_t)lo;
	return 0;
}

static int
add_ext(struct route *r, const char *text)
{
	size_t i = r->m.n_extended_communities;
	uint8_t *wire = r->ext_bytes[i];

	if (parse_ext(text, wire) == -1)
		return -1;
	bgp__extended_community__unknown__init(&r->ext_raw[i]);
	r->ext_raw[i].type_code = wire[0];
	r->ext_raw[i].value.data = wire + 1;
	r->ext_raw[i].value.len = 7;
	bgp__extended_community__init(&r->ext[i]);
	r->ext[i].community_case = BGP__EXTENDED_COMMUNITY__COMMUNITY_UNKNOWN;
	r->ext[i].unknown = &r->ext_raw[i];
	r->ext_list[i] = &r->ext[i];
	r->m.extended_communities = r->ext_list;
	r->m.n_extended_communities = i + 1;
	return 0;
}

static int
add_large(struct route *r, const char *text)
{
	size_t i = r->m.n_large_communities;
	struct community_large c;

	if (community_large_parse(text, &c) == -1)
		return -1;
	bgp__large_community__init(&r->large[i]);
	r->large[i].global_admin = c.global;
	r->large[i].local_data_1 = c.local1;
	r->large[i].local_data_2 = c.local2;
	r->large_list[i] = &r->large[i];
	r->m.large_communities = r->large_list;
	r->m.n_large_communities = i + 1;
	return 0;
}

static int
get_route_option(struct route *r, const char *word, const char *value)
{
	Bgp__AddRouteRequest *m = &r->m;
	uint64_t v;

	if (strcmp(word, "nexthop") == 0) {
		free(r->next_hop);
		r->next_hop = xstrdup(value);
	} else if (strcmp(word, "origin") == 0) {
		if (strcmp(value, "igp") == 0)
			m->origin = BGP__ORIGIN__IGP;
		else if (strcmp(value, "egp") == 0)
			m->origin = BGP__ORIGIN__EGP;
		else if (strcmp(value, "incomplete") == 0)
			m->origin = BGP__ORIGIN__INCOMPLETE;
		else
			return -1;
	} else if (strcmp(word, "as-path") == 0) {
		if (r->segments != NULL || get_as_path(r, value) == -1)
			return -1;
	} else if (strcmp(word, "local-pref") == 0) {
		if (!ctl_number(value, UINT32_MAX, &v))
			return -1;
		m->_local_pref_case = PB_CASE(ADD_ROUTE_REQUEST, LOCAL_PREF);
		m->local_pref = (uint32_t)v;
	} else if (strcmp(word, "med") == 0) {
		if (!ctl_number(value, UINT32_MAX, &v))
			return -1;
		m->_med_case = PB_CASE(ADD_ROUTE_REQUEST, MED);
		m->med = (uint32_t)v;
	} else if (strcmp(word, "atomic-aggregate") == 0)
		m->atomic_aggregate = true;
	else if (strcmp(word, "community") == 0) {
		if (community_parse(value, &r->communities[m->n_communities]) ==
		    -1)
			return -1;
		m->communities = r->communities;
		m->n_communities++;
	} else if (strcmp(word, "ext-community") == 0)
		return add_ext(r, value);
	else if (strcmp(word, "large-community") == 0)
		return add_large(r, value);
	return 0;
}

int
route_init(struct route *r, const struct cmd_args *args, char *err,
    size_t err_len)
{
	const char *word, *value;
	size_t i;

	memset(r, 0, offsetof(struct route, communities));
	bgp__add_route_request__init(&r->m);
	r->prefix = xstrdup(args->free_value);
	for (i = 0; i < args->n_options; i++) {
		word = args->options[i].opt->word;
		value = args->options[i].value;
		if (get_route_option(r, word, value) == -1) {
			(void)snprintf(err, err_len, "%s: \"%s\" is not valid",
			    word, value);
			route_fini(r);
			return -1;
		}
	}
	if (r->next_hop == NULL)
		r->next_hop =
		    xstrdup(strchr(r->prefix, ':') == NULL ? "0.0.0.0" : "::");
	r->m.prefix = r->prefix;
	r->m.next_hop = r->next_hop;
	return 0;
}

int
ctl_network_add(struct ctl *ctl, const struct cmd_args *args)
{
	struct route *r = xcalloc(1, sizeof(*r));
	char text[256];
	int status;

	if (route_init(r, args, text, sizeof(text)) == -1) {
		free(r);
		return ctl_usage(ctl, "%s", text);
	}
	status = ctl_act(ctl, "AddRoute", &r->m.base,
	    &bgp__add_route_response__descriptor);
	route_fini(r);
	free(r);
	return status;
}

int
ctl_network_delete(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__RemoveRouteRequest m;
	char *prefix = xstrdup(args->values[0]);
	int status;

	bgp__remove_route_request__init(&m);
	m.prefix = prefix;
	status = ctl_act(ctl, "RemoveRoute", &m.base,
	    &bgp__remove_route_response__descriptor);
	free(prefix);
	return status;
}
