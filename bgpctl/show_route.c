/* SPDX-License-Identifier: ISC */
/*
 * Routes as text and as JSON.
 */
#include "bgpctl/ctl.h"

#include <inttypes.h>
#include <string.h>

#include "common/community.h"

enum { LINE = 80, PATH_COLUMN = 51 };

static const char *
origin_name(const Bgp__Path *p)
{
	static const char *const names[] = { "igp", "egp", "incomplete" };

	return (size_t)p->origin < nitems(names) ? names[p->origin] : "?";
}

static char
origin_letter(const Bgp__Path *p)
{
	return (size_t)p->origin < 3 ? "ie?"[p->origin] : '?';
}

/* Words of a line that is folded before the margin. */
struct words {
	FILE *to;
	int column; /* where the next character goes */
	int start; /* of continuation lines */
	bool first;
};

/* `glued` to the word before: no blank between them. */
static void
put_word(struct words *w, const char *word, bool glued)
{
	int len = (int)strlen(word), blank = glued || w->first ? 0 : 1;

	if (!w->first && w->column + blank + len > LINE) {
		fprintf(w->to, "\n%*s", w->start, "");
		w->column = w->start;
	} else if (blank) {
		putc(' ', w->to);
		w->column++;
	}
	w->first = false;
	fputs(word, w->to);
	w->column += len;
}

/* The words of a text. */
static void
put_words(struct words *w, const char *text)
{
	char word[600];
	size_t n;

	for (text += strspn(text, " "); *text != '\0';
	     text += strspn(text, " ")) {
		n = strcspn(text, " ");
		(void)snprintf(word, sizeof(word), "%.*s", (int)n, text);
		put_word(w, word, false);
		text += n;
	}
}

/* AS numbers one by one, sets as {1,2}. */
static void
put_as_path(struct words *w, const Bgp__Path *p)
{
	const Bgp__AsPathSegment *segment;
	const char *after;
	char word[32];
	size_t i, j;
	bool set;

	for (i = 0; i < p->n_as_path; i++) {
		segment = p->as_path[i];
		set =
		    segment->segment_type == BGP__AS_PATH_SEGMENT_TYPE__AS_SET;
		for (j = 0; j < segment->n_asns; j++) {
			after = j + 1 < segment->n_asns ? "," : "}";
			(void)snprintf(word, sizeof(word), "%s%u%s",
			    set && j == 0 ? "{" : "", segment->asns[j],
			    set ? after : "");
			put_word(w, word, set && j > 0);
		}
	}
}

void
ctl_put_route_head(struct ctl *ctl)
{
	fprintf(ctl->out, "> best, S stale, x not eligible\n");
	fprintf(ctl->out, "%-3s%-19s%-16s%5s %5s  %s\n", "", "Prefix",
	    "Next hop", "LPref", "MED", "AS path, origin");
}

static void
put_flags(FILE *to, const Bgp__Path *p)
{
	fprintf(to, "%c%c ",
	    p->best                       ? '>' :
		p->rejected_by[0] != '\0' ? 'r' :
		p->ineligible             ? 'x' :
					    ' ',
	    p->stale ? 'S' : ' ');
}

/* A column that begins a new line when its text does not fit. */
static void
put_column(FILE *to, const char *text, int width, int next)
{
	if ((int)strlen(text) < width)
		fprintf(to, "%-*s", width, text);
	else
		fprintf(to, "%s\n%*s", text, next, "");
}

static void
put_path_line(FILE *to, const char *prefix, const Bgp__Path *p)
{
	struct words w = { to, PATH_COLUMN, PATH_COLUMN + 1, true };
	char text[32];

	put_flags(to, p);
	put_column(to, prefix, 19, 22);
	put_column(to, p->next_hop, 16, 38);
	if (p->_local_pref_case != 0)
		(void)snprintf(text, sizeof(text), "%u", p->local_pref);
	else
		(void)snprintf(text, sizeof(text), "-");
	fprintf(to, "%5s ", text);
	if (p->_med_case != 0)
		(void)snprintf(text, sizeof(text), "%u", p->med);
	else
		(void)snprintf(text, sizeof(text), "-");
	fprintf(to, "%5s  ", text);
	put_as_path(&w, p);
	(void)snprintf(text, sizeof(text), "%c", origin_letter(p));
	put_word(&w, text, false);
	fprintf(to, "\n");
	if (p->rejected_by[0] == '\0')
		return;
	w = (struct words){ to, 3, 5, true };
	fprintf(to, "   ");
	put_word(&w, "rejected by", false);
	put_words(&w, p->rejected_by);
	fprintf(to, "\n");
}

void
ctl_put_route_change(FILE *to, const char *head, const Bgp__Route *route)
{
	struct words w = { to, (int)strlen(head), 13, true };
	const Bgp__Path *p = route->n_paths > 0 ? route->paths[0] : NULL;
	char text[32];

	fputs(head, to);
	put_word(&w, route->prefix, false);
	if (p != NULL) {
		put_word(&w, "via", false);
		put_word(&w, p->next_hop, false);
		put_word(&w, "path", false);
		put_as_path(&w, p);
		(void)snprintf(text, sizeof(text), "%c", origin_letter(p));
		put_word(&w, text, false);
	}
	if (route->n_paths > 1) {
		(void)snprintf(text, sizeof(text), "(%zu paths)",
		    route->n_paths);
		put_word(&w, text, false);
	}
	putc('\n', to);
}

static void
put_label(FILE *to, const char *label)
{
	fprintf(to, "    %-20s ", label);
}

static void
ext_text(const Bgp__ExtendedCommunity *c, char *buf, size_t len)
{
	const uint8_t *v;
	size_t i, used, n;

	switch (c->community_case) {
	case BGP__EXTENDED_COMMUNITY__COMMUNITY_TWO_OCTET_AS:
		(void)snprintf(buf, len, "%s:%u:%u",
		    c->two_octet_as->sub_type == 2     ? "rt" :
			c->two_octet_as->sub_type == 3 ? "soo" :
							 "as2",
		    c->two_octet_as->asn, c->two_octet_as->local_admin);
		return;
	case BGP__EXTENDED_COMMUNITY__COMMUNITY_IPV4_ADDRESS:
		(void)snprintf(buf, len, "%s:%s:%u",
		    c->ipv4_address->sub_type == 2     ? "rt" :
			c->ipv4_address->sub_type == 3 ? "soo" :
							 "ip4",
		    c->ipv4_address->address, c->ipv4_address->local_admin);
		return;
	case BGP__EXTENDED_COMMUNITY__COMMUNITY_FOUR_OCTET_AS:
		(void)snprintf(buf, len, "%s:%u:%u",
		    c->four_octet_as->sub_type == 2     ? "rt" :
			c->four_octet_as->sub_type == 3 ? "soo" :
							  "as4",
		    c->four_octet_as->asn, c->four_octet_as->local_admin);
		return;
	case BGP__EXTENDED_COMMUNITY__COMMUNITY_LINK_BANDWIDTH:
		(void)snprintf(buf, len, "lb:%u:%g", c->link_bandwidth->asn,
		    (double)c->link_bandwidth->bandwidth);
		return;
	case BGP__EXTENDED_COMMUNITY__COMMUNITY_COLOR:
		(void)snprintf(buf, len, "color:%u", c->color->color);
		return;
	case BGP__EXTENDED_COMMUNITY__COMMUNITY_ENCAPSULATION:
		(void)snprintf(buf, len, "encapsulation:%u",
		    c->encapsulation->tunnel_type);
		return;
	case BGP__EXTENDED_COMMUNITY__COMMUNITY_ROUTER_MAC:
		v = c->router_mac->mac_address.data;
		n = c->router_mac->mac_address.len;
		used = (size_t)snprintf(buf, len, "router-mac");
		for (i = 0; i < n && used + 4 < len; i++)
			used += (size_t)snprintf(buf + used, len - used,
			    ":%02x", v[i]);
		return;
	case BGP__EXTENDED_COMMUNITY__COMMUNITY_OPAQUE:
		v = c->opaque->value.data;
		n = c->opaque->value.len;
		used = (size_t)snprintf(buf, len, "opaque:");
		break;
	case BGP__EXTENDED_COMMUNITY__COMMUNITY_UNKNOWN:
		v = c->unknown->value.data;
		n = c->unknown->value.len;
		used =
		    (size_t)snprintf(buf, len, "0x%02x", c->unknown->type_code);
		break;
	default:
		(void)snprintf(buf, len, "?");
		return;
	}
	for (i = 0; i < n && used + 3 < len; i++)
		used += (size_t)snprintf(buf + used, len - used, "%02x", v[i]);
}

static void
put_communities_text(FILE *to, const Bgp__Path *p)
{
	struct words w;
	char text[64];
	size_t i;

	if (p->n_communities > 0) {
		put_label(to, "communities");
		w = (struct words){ to, 25, 25, true };
		for (i = 0; i < p->n_communities; i++)
			put_word(&w,
			    community_str(p->communities[i], true, text),
			    false);
		fprintf(to, "\n");
	}
	if (p->n_extended_communities > 0) {
		put_label(to, "extended");
		w = (struct words){ to, 25, 25, true };
		for (i = 0; i < p->n_extended_communities; i++) {
			ext_text(p->extended_communities[i], text,
			    sizeof(text));
			put_word(&w, text, false);
		}
		fprintf(to, "\n");
	}
	if (p->n_large_communities > 0) {
		put_label(to, "large");
		w = (struct words){ to, 25, 25, true };
		for (i = 0; i < p->n_large_communities; i++) {
			(void)snprintf(text, sizeof(text), "%u:%u:%u",
			    p->large_communities[i]->global_admin,
			    p->large_communities[i]->local_data_1,
			    p->large_communities[i]->local_data_2);
			put_word(&w, text, false);
		}
		fprintf(to, "\n");
	}
}

void
ctl_put_path_attributes(FILE *to, const Bgp__Path *p)
{
	struct words w = { to, 25, 25, true };
	size_t i, j;

	if (p->rejected_by[0] != '\0') {
		put_label(to, "rejected by");
		fprintf(to, "%s\n", p->rejected_by);
	}
	put_label(to, "next hop");
	fprintf(to, "%s", p->next_hop);
	if (p->_link_local_next_hop_case != 0)
		fprintf(to, " %s", p->link_local_next_hop);
	fprintf(to, "\n");
	if (p->n_as_path > 0) {
		put_label(to, "AS path");
		put_as_path(&w, p);
		fprintf(to, "\n");
	}
	put_label(to, "origin");
	fprintf(to, "%s\n", origin_name(p));
	if (p->_local_pref_case != 0) {
		put_label(to, "local preference");
		fprintf(to, "%u\n", p->local_pref);
	}
	if (p->_med_case != 0) {
		put_label(to, "MED");
		fprintf(to, "%u\n", p->med);
	}
	if (p->atomic_aggregate) {
		put_label(to, "atomic aggregate");
		fprintf(to, "yes\n");
	}
	if (p->aggregator != NULL) {
		put_label(to, "aggregator");
		fprintf(to, "AS %u, %s\n", p->aggregator->asn,
		    p->aggregator->ip_address);
	}
	put_communities_text(to, p);
	if (p->_originator_id_case != 0) {
		put_label(to, "originator id");
		fprintf(to, "%s\n", p->originator_id);
	}
	for (i = 0; i < p->n_cluster_list; i++) {
		put_label(to, i == 0 ? "cluster list" : "");
		fprintf(to, "%s\n", p->cluster_list[i]);
	}
	for (i = 0; i < p->n_unknown_attributes; i++) {
		put_label(to, "other attribute");
		fprintf(to, "type %u, flags 0x%02x, ",
		    p->unknown_attributes[i]->attr_type,
		    p->unknown_attributes[i]->flags);
		for (j = 0; j < p->unknown_attributes[i]->value.len; j++)
			fprintf(to, "%02x",
			    p->unknown_attributes[i]->value.data[j]);
		fprintf(to, "\n");
	}
}

static void
put_path_detail(FILE *to, const Bgp__Path *p)
{
	fprintf(to, "  ");
	put_flags(to, p);
	fprintf(to, "from %s", p->peer_address);
	if (p->peer_asn != 0)
		fprintf(to, ", AS %u", p->peer_asn);
	fprintf(to, ", %" PRIu64 " s ago\n", p->age_secs);
	ctl_put_path_attributes(to, p);
}

static void
put_ext_json(struct json *j, const Bgp__ExtendedCommunity *c)
{
	char text[64];

	ext_text(c, text, sizeof(text));
	json_string(j, NULL, text);
}

static void
put_as_path_json(struct json *j, const Bgp__Path *p)
{
	size_t i, k;

	json_array(j, "as_path");
	for (i = 0; i < p->n_as_path; i++) {
		json_object(j, NULL);
		json_string(j, "segment_type",
		    p->as_path[i]->segment_type ==
			    BGP__AS_PATH_SEGMENT_TYPE__AS_SET ?
			"as_set" :
			"as_sequence");
		json_array(j, "asns");
		for (k = 0; k < p->as_path[i]->n_asns; k++)
			json_uint(j, NULL, p->as_path[i]->asns[k]);
		json_array_end(j);
		json_object_end(j);
	}
	json_array_end(j);
}

static void
put_communities_json(struct json *j, const Bgp__Path *p)
{
	char text[64];
	size_t i;

	json_array(j, "communities");
	for (i = 0; i < p->n_communities; i++)
		json_string(j, NULL,
		    community_str(p->communities[i], false, text));
	json_array_end(j);
	json_array(j, "extended_communities");
	for (i = 0; i < p->n_extended_communities; i++)
		put_ext_json(j, p->extended_communities[i]);
	json_array_end(j);
	json_array(j, "large_communities");
	for (i = 0; i < p->n_large_communities; i++) {
		(void)snprintf(text, sizeof(text), "%u:%u:%u",
		    p->large_communities[i]->global_admin,
		    p->large_communities[i]->local_data_1,
		    p->large_communities[i]->local_data_2);
		json_string(j, NULL, text);
	}
	json_array_end(j);
}

void
ctl_put_path_json(struct json *j, const char *key, const Bgp__Path *p)
{
	size_t i;

	json_object(j, key);
	json_string(j, "origin", origin_name(p));
	put_as_path_json(j, p);
	json_string(j, "next_hop", p->next_hop);
	if (p->_link_local_next_hop_case != 0)
		json_string(j, "link_local_next_hop", p->link_local_next_hop);
	json_string(j, "peer_address", p->peer_address);
	json_uint(j, "peer_asn", p->peer_asn);
	if (p->_local_pref_case != 0)
		json_uint(j, "local_pref", p->local_pref);
	if (p->_med_case != 0)
		json_uint(j, "med", p->med);
	json_bool(j, "atomic_aggregate", p->atomic_aggregate);
	if (p->aggregator != NULL) {
		json_object(j, "aggregator");
		json_uint(j, "asn", p->aggregator->asn);
		json_string(j, "ip_address", p->aggregator->ip_address);
		json_object_end(j);
	}
	put_communities_json(j, p);
	if (p->_originator_id_case != 0)
		json_string(j, "originator_id", p->originator_id);
	json_array(j, "cluster_list");
	for (i = 0; i < p->n_cluster_list; i++)
		json_string(j, NULL, p->cluster_list[i]);
	json_array_end(j);
	json_array(j, "unknown_attributes");
	for (i = 0; i < p->n_unknown_attributes; i++) {
		json_object(j, NULL);
		json_uint(j, "attr_type", p->unknown_attributes[i]->attr_type);
		json_uint(j, "flags", p->unknown_attributes[i]->flags);
		json_hex(j, "value", p->unknown_attributes[i]->value.data,
		    p->unknown_attributes[i]->value.len);
		json_object_end(j);
	}
	json_array_end(j);
	json_bool(j, "best", p->best);
	json_bool(j, "stale", p->stale);
	json_bool(j, "ineligible", p->ineligible);
	if (p->rejected_by[0] != '\0')
		json_string(j, "rejected_by", p->rejected_by);
	json_uint(j, "age_secs", p->age_secs);
	json_object_end(j);
}

void
ctl_put_route(struct ctl *ctl, const Bgp__Route *route, bool detail)
{
	size_t i;

	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		json_string(&ctl->json, "prefix", route->prefix);
		json_array(&ctl->json, "paths");
		for (i = 0; i < route->n_paths; i++)
			ctl_put_path_json(&ctl->json, NULL, route->paths[i]);
		json_array_end(&ctl->json);
		json_object_end(&ctl->json);
		return;
	}
	if (detail)
		fprintf(ctl->out, "%s\n", route->prefix);
	for (i = 0; i < route->n_paths; i++)
		if (detail)
			put_path_detail(ctl->out, route->paths[i]);
		else
			put_path_line(ctl->out, i == 0 ? route->prefix : "",
			    route->paths[i]);
}
