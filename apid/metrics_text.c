/* SPDX-License-Identifier: ISC */
/*
 * Numbers as OpenMetrics text.  All samples of a family stand together, as
 * the format wants it, hence a pass over the peers a family.
 */
#include "apid/metrics_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apid/apid.h"
#include "apid/http.h"
#include "apid/server.h"
#include "common/bgp_msg.h"
#include "common/chan.h"
#include "common/xmalloc.h"

/* --- text */

static void
text_room(struct text *t, size_t n)
{
	if (t->cap - t->len >= n)
		return;
	while (t->cap - t->len < n)
		t->cap = t->cap == 0 ? 16384 : t->cap * 2;
	t->base = xreallocarray(t->base, t->cap, 1);
}

void
text_put(struct text *t, const char *p, size_t n)
{
	text_room(t, n);
	memcpy(t->base + t->len, p, n);
	t->len += n;
}

void
text_str(struct text *t, const char *s)
{
	text_put(t, s, strlen(s));
}

void
text_u64(struct text *t, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	text_put(t, digits + at, sizeof(digits) - at);
}

void
text_escaped(struct text *t, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\\')
			text_put(t, "\\\\", 2);
		else if (*s == '"')
			text_put(t, "\\\"", 2);
		else if (*s == '\n')
			text_put(t, "\\n", 2);
		else
			text_put(t, s, 1);
	}
}

void
text_fraction(struct text *t, uint64_t v, uint32_t divisor)
{
	uint64_t rest = v % divisor;

	text_u64(t, v / divisor);
	if (rest == 0)
		return;
	text_put(t, ".", 1);
	while (rest != 0 && (divisor /= 10) != 0) {
		text_put(t, &"0123456789"[rest / divisor], 1);
		rest %= divisor;
	}
}

/* --- families */

enum kind { GAUGE, COUNTER, INFO };

static void
family(struct text *t, const char *name, enum kind kind, const char *unit,
    const char *help)
{
	static const char *const words[] = { "gauge", "counter", "info" };

	text_str(t, "# HELP ");
	text_str(t, name);
	text_put(t, " ", 1);
	text_str(t, help);
	text_str(t, ".\n# TYPE ");
	text_str(t, name);
	text_put(t, " ", 1);
	text_str(t, words[kind]);
	if (unit[0] != '\0') {
		text_str(t, "\n# UNIT ");
		text_str(t, name);
		text_put(t, " ", 1);
		text_str(t, unit);
	}
	text_put(t, "\n", 1);
}

/* "NAME{LABELS} ", the labels as they are. */
static void
sample(struct text *t, const char *name, enum kind kind, const char *labels)
{
	text_str(t, name);
	text_str(t, kind == COUNTER ? "_total" : kind == INFO ? "_info" : "");
	if (labels[0] != '\0') {
		text_put(t, "{", 1);
		text_str(t, labels);
		text_put(t, "}", 1);
	}
	text_put(t, " ", 1);
}

static void
number(struct text *t, const char *name, enum kind kind, const char *labels,
    uint64_t v)
{
	sample(t, name, kind, labels);
	text_u64(t, v);
	text_put(t, "\n", 1);
}

/* A family of one number. */
static void
single(struct text *t, const char *name, enum kind kind, const char *unit,
    const char *help, uint64_t v)
{
	family(t, name, kind, unit, help);
	number(t, name, kind, "", v);
}

/* --- rows of the catalogue */

static bool
is_known(const struct metrics_sample *s, int i)
{
	return s->known[metric_rules[i].owner] &&
	    s->values[i] != METRIC_UNKNOWN;
}

static uint64_t
queued(const struct apid *apid, enum proc to)
{
	return apid->chans[to] == NULL ? 0 : chan_queued(apid->chans[to]);
}

/* Rows of one family may be of several processes and apart from each other:
 * the first one brings them all. */
static void
put_rows(struct text *t, const struct metrics_sample *s, int first,
    const struct apid *apid)
{
	const struct metric_rule *m = &metric_rules[first];
	const enum kind kind = m->type == METRIC_COUNTER ? COUNTER : GAUGE;
	int i;

	family(t, m->family, kind, m->unit, m->help);
	for (i = first; i < METRIC__MAX; i++) {
		if (strcmp(metric_rules[i].family, m->family) != 0 ||
		    !is_known(s, i))
			continue;
		sample(t, m->family, kind, metric_rules[i].labels);
		text_fraction(t, s->values[i], metric_rules[i].divisor);
		text_put(t, "\n", 1);
	}
	if (first != METRIC_QUEUED_BGPD_SESSIOND)
		return;
	number(t, m->family, kind, "from=\"apid\",to=\"bgpd\"",
	    queued(apid, PROC_BGPD));
	number(t, m->family, kind, "from=\"apid\",to=\"sessiond\"",
	    queued(apid, PROC_SESSIOND));
	number(t, m->family, kind, "from=\"apid\",to=\"rde\"",
	    queued(apid, PROC_RDE));
}

static void
put_catalogue(struct text *t, const struct metrics_sample *s,
    const struct apid *apid)
{
	int i, j;

	for (i = 0; i < METRIC__MAX; i++) {
		for (j = 0; j < i; j++)
			if (strcmp(metric_rules[i].family,
				metric_rules[j].family) == 0)
				break;
		if (j == i)
			put_rows(t, s, i, apid);
	}
}

/* --- apid itself, and the whole */

static void
put_up(struct text *t, const struct metrics_sample *s)
{
	char labels[40];
	enum proc p;

	family(t, "bgpgg_up", GAUGE, "",
	    "1 for a process whose numbers are in this text");
	for (p = 0; p < PROC__MAX; p++) {
		(void)snprintf(labels, sizeof(labels), "process=\"%s\"",
		    proc_name(p));
		number(t, "bgpgg_up", GAUGE, labels, s->known[p]);
	}
}

static void
put_identity(struct text *t, const struct conf *conf)
{
	char id[ADDR_STRLEN];
	struct addr a;

	family(t, "bgpgg_build", INFO, "", "Version of the suite");
	text_str(t, "bgpgg_build_info{version=\"");
	text_escaped(t, BGPGG_VERSION);
	text_str(t, "\"} 1\n");
	family(t, "bgpgg_router", INFO, "", "Who this speaker is");
	if (conf == NULL)
		return;
	a = addr_ipv4(conf->router_id);
	text_str(t, "bgpgg_router_info{asn=\"");
	text_u64(t, conf->asn);
	text_str(t, "\",router_id=\"");
	text_str(t, addr_str(&a, id));
	text_str(t, "\"} 1\n");
}

static void
put_calls(struct text *t, const struct apid *apid)
{
	size_t i;

	family(t, "bgpgg_api_calls", COUNTER, "", "Calls begun, by method");
	for (i = 0; i <= apid_n_methods; i++) {
		text_str(t, "bgpgg_api_calls_total{method=\"");
		text_escaped(t,
		    i == apid_n_methods ? "unknown" : apid_methods[i].name);
		text_str(t, "\"} ");
		text_u64(t, server_begun(apid->server, i));
		text_put(t, "\n", 1);
	}
}

static void
put_apid(struct text *t, const struct apid *apid)
{
	put_calls(t, apid);
	single(t, "bgpgg_api_calls_active", GAUGE, "", "Calls being served",
	    server_calls(apid->server));
	single(t, "bgpgg_api_streams_active", GAUGE, "",
	    "Calls being served that are streams",
	    server_streams(apid->server));
	single(t, "bgpgg_api_replies_held_bytes", GAUGE, "bytes",
	    "Lists in the making, and replies that clients have not read",
	    apid->held + server_unread(apid->server));
	single(t, "bgpgg_http_requests", COUNTER, "",
	    "Requests at metrics_listen_addr", http_n_requests(apid->http));
	single(t, "bgpgg_http_connections", GAUGE, "",
	    "Connections to metrics_listen_addr", http_n_conns(apid->http));
}

/* --- peers */

#define STATES (PEER_ESTABLISHED + 1)

static void
put_states(struct text *t, const struct metrics_sample *s)
{
	static const char *const labels[STATES] = {
		"state=\"Idle\"",
		"state=\"Connect\"",
		"state=\"Active\"",
		"state=\"OpenSent\"",
		"state=\"OpenConfirm\"",
		"state=\"Established\"",
	};
	uint64_t n[STATES] = { 0 };
	size_t i;

	family(t, "bgpgg_peers", GAUGE, "", "Peers by state");
	if (!s->known[PROC_SESSIOND])
		return;
	for (i = 0; i < s->n_peers; i++)
		if (s->peers[i].state < STATES)
			n[s->peers[i].state]++;
	for (i = 0; i < STATES; i++)
		number(t, "bgpgg_peers", GAUGE, labels[i], n[i]);
}

/* A family of peers: the samples of one peer. */
struct peer_family {
	const char *name;
	enum kind kind;
	const char *unit;
	const char *help;
	void (*put)(struct text *, const struct peer_family *, const char *peer,
	    const struct peer_row *);
	uint64_t (*value)(const struct peer_row *); /* of put_value */
};

/* "NAME{peer="ADDR"" and what more labels there are, up to the value. */
static void
peer_sample(struct text *t, const struct peer_family *f, const char *peer,
    const char *more)
{
	text_str(t, f->name);
	text_str(t,
	    f->kind == COUNTER  ? "_total{peer=\"" :
		f->kind == INFO ? "_info{peer=\"" :
				  "{peer=\"");
	text_str(t, peer);
	text_put(t, "\"", 1);
	text_str(t, more);
	text_put(t, "} ", 2);
}

static void
peer_number(struct text *t, const struct peer_family *f, const char *peer,
    const char *more, uint64_t v)
{
	peer_sample(t, f, peer, more);
	text_u64(t, v);
	text_put(t, "\n", 1);
}

static void
put_value(struct text *t, const struct peer_family *f, const char *peer,
    const struct peer_row *r)
{
	peer_number(t, f, peer, "", f->value(r));
}

static void
put_info(struct text *t, const struct peer_family *f, const char *peer,
    const struct peer_row *r)
{
	const struct addr id = addr_ipv4(r->remote_id);
	char more[120], text[ADDR_STRLEN] = "";

	if (r->remote_id != 0)
		(void)addr_str(&id, text);
	(void)snprintf(more, sizeof(more),
	    ",asn=\"%u\",router_id=\"%s\",configured=\"%s\"", r->asn, text,
	    r->configured ? "true" : "false");
	peer_number(t, f, peer, more, 1);
}

static void
put_uptime(struct text *t, const struct peer_family *f, const char *peer,
    const struct peer_row *r)
{
	peer_sample(t, f, peer, "");
	text_fraction(t, r->state == PEER_ESTABLISHED ? r->uptime_ms : 0, 1000);
	text_put(t, "\n", 1);
}

static void
put_messages(struct text *t, const struct peer_family *f, const char *peer,
    const struct peer_row *r)
{
	const struct peer_stats *st = &r->stats;
	const struct {
		const char *labels;
		uint64_t v;
	} rows[] = {
		{ ",direction=\"sent\",type=\"open\"", st->open_sent },
		{ ",direction=\"sent\",type=\"update\"", st->update_sent },
		{ ",direction=\"sent\",type=\"notification\"",
		    st->notification_sent },
		{ ",direction=\"sent\",type=\"keepalive\"",
		    st->keepalive_sent },
		{ ",direction=\"sent\",type=\"route_refresh\"",
		    st->refresh_sent },
		{ ",direction=\"received\",type=\"open\"", st->open_received },
		{ ",direction=\"received\",type=\"update\"",
		    st->update_received },
		{ ",direction=\"received\",type=\"notification\"",
		    st->notification_received },
		{ ",direction=\"received\",type=\"keepalive\"",
		    st->keepalive_received },
		{ ",direction=\"received\",type=\"route_refresh\"",
		    st->refresh_received },
	};
	size_t i;

	for (i = 0; i < nitems(rows); i++)
		peer_number(t, f, peer, rows[i].labels, rows[i].v);
}

static void
put_families(struct text *t, const struct peer_family *f, const char *peer,
    const struct peer_row *r, bool sent)
{
	char more[40];
	int i;

	for (i = 0; i < FAMILY__MAX; i++) {
		if (!(r->families & FAMILY_BIT(i)))
			continue;
		(void)snprintf(more, sizeof(more), ",family=\"%s\"",
		    family_key((enum family)i));
		peer_number(t, f, peer, more,
		    sent ? r->counts[i].sent : r->counts[i].received);
	}
}

static void
put_received(struct text *t, const struct peer_family *f, const char *peer,
    const struct peer_row *r)
{
	put_families(t, f, peer, r, false);
}

static void
put_advertised(struct text *t, const struct peer_family *f, const char *peer,
    const struct peer_row *r)
{
	put_families(t, f, peer, r, true);
}

static void
put_error(struct text *t, const struct peer_family *f, const char *peer,
    const char *direction, uint8_t code, uint8_t subcode)
{
	char text[BGP_TEXT_LEN], more[80];

	if (code == 0)
		return;
	(void)snprintf(more, sizeof(more),
	    ",direction=\"%s\",code=\"%u\",subcode=\"%u\",text=\"", direction,
	    code, subcode);
	text_str(t, f->name);
	text_str(t, "_info{peer=\"");
	text_str(t, peer);
	text_put(t, "\"", 1);
	text_str(t, more);
	text_escaped(t, bgp_notification_str(code, subcode, text));
	text_str(t, "\"} 1\n");
}

static void
put_errors(struct text *t, const struct peer_family *f, const char *peer,
    const struct peer_row *r)
{
	put_error(t, f, peer, "sent", r->last_sent_code, r->last_sent_subcode);
	put_error(t, f, peer, "received", r->last_received_code,
	    r->last_received_subcode);
}

static uint64_t
value_up(const struct peer_row *r)
{
	return r->state == PEER_ESTABLISHED;
}

static uint64_t
value_state(const struct peer_row *r)
{
	return r->state;
}

static uint64_t
value_admin(const struct peer_row *r)
{
	return r->admin;
}

static uint64_t
value_hold_time(const struct peer_row *r)
{
	return r->hold_time;
}

static uint64_t
value_rx_queued(const struct peer_row *r)
{
	return r->rx_queued;
}

static uint64_t
value_tx_queued(const struct peer_row *r)
{
	return r->tx_queued;
}

static const struct peer_family peer_families[] = {
	{ "bgpgg_peer", INFO, "", "Who the peer is", put_info, NULL },
	{ "bgpgg_peer_up", GAUGE, "", "1 while the session is Established",
	    put_value, value_up },
	{ "bgpgg_peer_state", GAUGE, "",
	    "0 Idle, 1 Connect, 2 Active, 3 OpenSent, 4 OpenConfirm, "
	    "5 Established",
	    put_value, value_state },
	{ "bgpgg_peer_admin_state", GAUGE, "",
	    "0 up, 1 down by an operator, 2 down by its prefix limit",
	    put_value, value_admin },
	{ "bgpgg_peer_uptime_seconds", GAUGE, "seconds",
	    "Time in Established; 0 in other states", put_uptime, NULL },
	{ "bgpgg_peer_hold_time_seconds", GAUGE, "seconds",
	    "Hold time negotiated", put_value, value_hold_time },
	{ "bgpgg_peer_messages", COUNTER, "",
	    "Messages over the life of the peer", put_messages, NULL },
	{ "bgpgg_peer_prefixes_received", GAUGE, "",
	    "Prefixes held of the peer (Adj-RIB-In)", put_received, NULL },
	{ "bgpgg_peer_prefixes_advertised", GAUGE, "",
	    "Prefixes that the peer holds of us (Adj-RIB-Out)", put_advertised,
	    NULL },
	{ "bgpgg_peer_receive_window_bytes", GAUGE, "bytes",
	    "UPDATEs received that the rde has not handled", put_value,
	    value_rx_queued },
	{ "bgpgg_peer_send_queue_bytes", GAUGE, "bytes",
	    "Messages that wait for the socket", put_value, value_tx_queued },
	{ "bgpgg_peer_last_error", INFO, "",
	    "The last NOTIFICATION in each direction", put_errors, NULL },
};

static void
put_peers(struct text *t, const struct peer_family *f,
    const struct metrics_sample *s)
{
	char peer[ADDR_STRLEN];
	size_t i;

	family(t, f->name, f->kind, f->unit, f->help);
	for (i = 0; s->known[PROC_SESSIOND] && i < s->n_peers; i++)
		f->put(t, f, addr_str(&s->peers[i].addr, peer), &s->peers[i]);
}

/* --- BMP servers; few */

static const struct {
	const char *name;
	enum kind kind;
	const char *unit;
	const char *help;
	size_t offset; /* of a uint64_t in a row; 0: whether it is up */
} bmp_families[] = {
	{ "bgpgg_bmp_up", GAUGE, "", "1 while the server is connected", 0 },
	{ "bgpgg_bmp_connections", COUNTER, "", "Connections so far",
	    offsetof(struct bmp_row, connections) },
	{ "bgpgg_bmp_messages", COUNTER, "", "Messages given out",
	    offsetof(struct bmp_row, messages) },
	{ "bgpgg_bmp_sent_bytes", COUNTER, "bytes", "Bytes given out",
	    offsetof(struct bmp_row, bytes) },
	{ "bgpgg_bmp_queued_bytes", GAUGE, "bytes",
	    "Bytes that wait for the server",
	    offsetof(struct bmp_row, queued) },
	{ "bgpgg_bmp_pending_changes", GAUGE, "",
	    "Changes that wait to be written",
	    offsetof(struct bmp_row, pending) },
	{ "bgpgg_bmp_resyncs", COUNTER, "",
	    "Tables sent again for what was missed",
	    offsetof(struct bmp_row, resyncs) },
	{ "bgpgg_bmp_dropped_messages", COUNTER, "",
	    "Messages that were given up", offsetof(struct bmp_row, dropped) },
};

static void
put_bmp(struct text *t, const struct metrics_sample *s)
{
	char server[ENDPOINT_STRLEN], labels[ENDPOINT_STRLEN + 16];
	const struct bmp_row *row;
	uint64_t v;
	size_t i, k;

	for (k = 0; k < nitems(bmp_families); k++) {
		family(t, bmp_families[k].name, bmp_families[k].kind,
		    bmp_families[k].unit, bmp_families[k].help);
		for (i = 0; s->known[PROC_RDE] && i < s->n_bmp; i++) {
			row = &s->bmp[i];
			v = row->up;
			if (bmp_families[k].offset != 0)
				memcpy(&v,
				    (const uint8_t *)row +
					bmp_families[k].offset,
				    sizeof(v));
			(void)snprintf(labels, sizeof(labels), "server=\"%s\"",
			    endpoint_str(&row->addr, row->port, server));
			number(t, bmp_families[k].name, bmp_families[k].kind,
			    labels, v);
		}
	}
}

bool
metrics_step(struct text *t, unsigned int step, const struct metrics_sample *s,
    const struct apid *apid)
{
	if (step == 0) {
		put_up(t, s);
		put_identity(t, apid->conf);
		put_catalogue(t, s, apid);
		put_apid(t, apid);
		put_states(t, s);
		put_bmp(t, s);
		return true;
	}
	if (step <= nitems(peer_families)) {
		put_peers(t, &peer_families[step - 1], s);
		return true;
	}
	text_str(t, "# EOF\n");
	return false;
}
