/* SPDX-License-Identifier: ISC */
/*
 * What we announce in an OPEN, what we accept in the peer's, and what both
 * make of the session.
 */
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"

#include "sessiond/sessiond.h"

void
open_build(struct session *s)
{
	const struct conf_peer *c;
	struct bgp_open *o;
	uint8_t buf[BGP_OPEN_WRITE_MAX];

	if (s->open_sent != NULL)
		return;
	c = &s->peer->conf;
	o = &s->ours;
	memset(o, 0, sizeof(*o));
	o->version = BGP_VERSION;
	o->asn = s->sd->conf->asn;
	o->hold_time = c->hold_time;
	o->id = s->sd->conf->router_id;
	o->mp = true;
	o->families = c->families;
	o->as4 = true;
	o->route_refresh = true;
	o->gr = c->gr_enabled;
	if (o->gr) {
		/* We never kept forwarding over a restart: no R, no F. */
		o->gr_time = c->gr_time;
		o->gr_families = c->families;
	}
	s->open_sent_len = (uint16_t)bgp_open_write(buf, o);
	s->open_sent = xmemdup(buf, s->open_sent_len);
}

/*
 * RFC 5492 5: no family in common leaves nothing to talk about.  The data is
 * what would have been needed: our multiprotocol capabilities.
 */
static int
no_common_family(const struct session *s, struct bgp_error *e)
{
	static uint8_t data[FAMILY__MAX * 6];
	struct wr w;
	int f;

	wr_init(&w, data, sizeof(data));
	for (f = 0; f < FAMILY__MAX; f++) {
		if ((s->ours.families & FAMILY_BIT(f)) == 0)
			continue;
		wr_n8(&w, BGP_CAP_MULTIPROTOCOL);
		wr_n8(&w, 4);
		wr_n16(&w, family_afi((enum family)f));
		wr_n8(&w, 0);
		wr_n8(&w, family_safi((enum family)f));
	}
	return bgp_error_set(e, BGP_ERR_OPEN, BGP_ERR_OPEN_CAPABILITY, data,
	    wr_len(&w));
}

int
open_receive(struct session *s, const uint8_t *msg, size_t len,
    struct bgp_error *e)
{
	struct bgp_open theirs;
	struct bgp_negotiated neg;

	open_build(s);
	if (bgp_open_parse(msg, len, &theirs, e) != 0)
		return -1;
	if (bgp_open_check(&theirs, s->sd->conf->asn, s->sd->conf->router_id,
		s->peer->conf.remote_as, e) != 0)
		return -1;
	bgp_open_negotiate(&s->ours, &theirs, &neg);
	if (neg.families == 0)
		return no_common_family(s, e);
	s->theirs = theirs;
	s->neg = neg;
	free(s->open_received);
	s->open_received = xmemdup(msg, len);
	s->open_received_len = (uint16_t)len;
	s->peer->asn = theirs.asn;
	s->peer->remote_id = theirs.id;
	return 0;
}

uint32_t
open_stale_families(const struct session *s)
{
	const struct bgp_open *t;

	t = &s->theirs;
	if (!s->peer->conf.gr_enabled || !t->gr || t->gr_time == 0)
		return 0;
	return t->gr_families & s->neg.families;
}

void
open_peer_up(const struct session *s, struct peer_up *up)
{
	const struct conf_peer *c;
	const struct bgp_open *t;

	c = &s->peer->conf;
	t = &s->theirs;
	memset(up, 0, sizeof(*up));
	up->remote = s->peer->conf.addr;
	up->local = s->local;
	up->remote_port = s->remote_port;
	up->local_port = s->local_port;
	up->remote_as = t->asn;
	up->remote_id = t->id;
	up->local_as = s->ours.asn;
	up->ebgp = s->neg.ebgp;
	up->configured = s->peer->configured;
	up->as4 = s->neg.as4;
	up->route_refresh = s->neg.route_refresh;
	up->families = s->neg.families;
	up->gr = t->gr;
	up->gr_families = t->gr_families;
	up->gr_forwarding = t->gr_forwarding;
	up->gr_restarting = t->gr_restarting;
	up->gr_time = t->gr_time;
	up->has_max_prefix = c->has_max_prefix;
	up->max_prefix = c->max_prefix;
	up->max_prefix_action = c->max_prefix_action;
	up->max_prefix_stop = c->allow_automatic_stop;
	up->mrai_secs = c->mrai_secs;
	up->enforce_first_as = c->enforce_first_as;
	up->open_sent = xmemdup(s->open_sent, s->open_sent_len);
	up->open_sent_len = s->open_sent_len;
	up->open_received = xmemdup(s->open_received, s->open_received_len);
	up->open_received_len = s->open_received_len;
}
