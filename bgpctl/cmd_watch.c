/* SPDX-License-Identifier: ISC */
/*
 * Following neighbors and routes: listings again and again, of which only
 * what has changed is shown.  A listing that takes long is not asked for more
 * often than a fifth of the time.
 */
#include "bgpctl/route.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/hash.h"
#include "common/mono.h"
#include "common/nlri.h"
#include "common/xmalloc.h"

#define FOLLOW_OPTS                                                            \
	{ "every", "SECONDS", "default 2" },                                   \
	{                                                                      \
		"count", "N", "end after so many looks"                        \
	}

const struct cmd_opt ctl_watch_neighbors_opts[] = {
	FOLLOW_OPTS,
	{ NULL, NULL, NULL },
};

const struct cmd_opt ctl_watch_routes_opts[] = {
	FOLLOW_OPTS,
	{ "in", NULL, "what the neighbor sends, before policy" },
	{ "out", NULL, "what is sent to the neighbor" },
	{ "neighbor", "ADDR", "whose; with in or out" },
	{ "or-longer", NULL, "also what PREFIX covers" },
	{ "covering", NULL, "also what covers PREFIX" },
	{ "best", NULL, "the chosen path of each alone" },
	{ "community", "A:B", "paths that carry it" },
	{ "source-as", "N", "paths that begin in this AS" },
	{ "ipv4", NULL, "IPv4 alone" },
	{ "ipv6", NULL, "IPv6 alone" },
	{ NULL, NULL, NULL },
};

/* --- the rounds */

struct rounds {
	struct ctl *ctl;
	uint64_t every_ms;
	uint64_t count; /* 0: for ever */
	uint64_t done;
	struct mono began; /* the look under way */
	bool troubled; /* the last look failed, and that was told */
};

static int
rounds_init(struct ctl *ctl, const struct cmd_args *args, struct rounds *r)
{
	const char *every = cmd_value(args, "every");
	const char *count = cmd_value(args, "count");
	uint64_t seconds = 2;

	memset(r, 0, sizeof(*r));
	r->ctl = ctl;
	if (every != NULL &&
	    (!ctl_number(every, 86400, &seconds) || seconds == 0))
		return ctl_usage(ctl, "every: \"%s\" is no time (1 to 86400)",
		    every);
	if (count != NULL &&
	    (!ctl_number(count, UINT32_MAX, &r->count) || r->count == 0))
		return ctl_usage(ctl, "count: \"%s\" is no number", count);
	r->every_ms = seconds * 1000;
	return CTL_DONE;
}

/* Wait for the next look; false if there is none. */
static bool
rounds_next(struct rounds *r)
{
	int64_t took, wait = (int64_t)r->every_ms;
	struct timespec ts;

	if (r->done > 0) {
		if (r->count > 0 && r->done >= r->count)
			return false;
		fflush(r->ctl->out);
		if (ferror(r->ctl->out))
			return false;
		took = mono_diff_ms(mono_now(), r->began);
		wait = wait - took > 4 * took ? wait - took : 4 * took;
		ts.tv_sec = wait / 1000;
		ts.tv_nsec = wait % 1000 * 1000000;
		while (nanosleep(&ts, &ts) == -1)
			;
	}
	r->began = mono_now();
	r->done++;
	return true;
}

/* A look failed: the first one ends the command, later ones are told, because
 * the daemon may be restarting.  An exit status, CTL_DONE to go on. */
static int
rounds_failed(struct rounds *r, struct client_status *status)
{
	if (r->done == 1 || (r->count > 0 && r->done >= r->count))
		return ctl_refused(r->ctl, status);
	if (!r->troubled)
		fprintf(r->ctl->err, "bgpctl: %s, still trying\n",
		    status->message == NULL || status->message[0] == '\0' ?
			client_status_name(status->code) :
			status->message);
	r->troubled = true;
	client_status_fini(status);
	return CTL_DONE;
}

static const char *
clock_text(char *buf, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm) == NULL ||
	    strftime(buf, size, "%H:%M:%S", &tm) == 0)
		buf[0] = '\0';
	return buf;
}

/* --- neighbors */

struct seen_peer { /* what makes a line about it worth while */
	char address[48];
	int state;
	int admin;
	uint64_t counts[2]; /* received, sent */
};

struct peer_list {
	struct seen_peer *list;
	size_t n;
};

struct peer_follow {
	struct ctl *ctl;
	bool screen; /* draw all of it */
	bool first; /* the first look */
	struct peer_list before;
	struct peer_list now;
	size_t at; /* in before: the first that was not passed */
};

static void
peer_event(struct peer_follow *f, const char *event, const char *address,
    const Bgp__Peer *p)
{
	struct ctl *ctl = f->ctl;
	char text[16];

	if (ctl->json_out) {
		json_init(&ctl->json, ctl->out);
		json_object(&ctl->json, NULL);
		json_string(&ctl->json, "event", event);
		json_uint(&ctl->json, "time_unix", (uint64_t)time(NULL));
		json_string(&ctl->json, "address", address);
		if (p != NULL) {
			json_object(&ctl->json, "neighbor");
			ctl_put_neighbor_json(ctl, p);
			json_object_end(&ctl->json);
		}
		json_object_end(&ctl->json);
		json_done(&ctl->json);
		return;
	}
	if (p == NULL) {
		fprintf(ctl->out, "%-22s %10s gone at %s\n", address, "",
		    clock_text(text, sizeof(text)));
		return;
	}
	ctl_put_neighbor_row(ctl, p);
}

static void
peer_remember(struct peer_list *l, const Bgp__Peer *p)
{
	struct seen_peer *s;
	size_t i;

	l->list = xreallocarray(l->list, l->n + 1, sizeof(*l->list));
	s = &l->list[l->n++];
	memset(s, 0, sizeof(*s));
	(void)snprintf(s->address, sizeof(s->address), "%s", p->address);
	s->state = (int)p->state;
	s->admin = (int)p->admin_state;
	for (i = 0; i < p->n_prefixes; i++) {
		s->counts[0] += p->prefixes[i]->received;
		s->counts[1] += p->prefixes[i]->advertised;
	}
}

static const struct seen_peer *
peer_find(const struct peer_list *l, const char *address)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->list[i].address, address) == 0)
			return &l->list[i];
	return NULL;
}

static bool
on_peer(void *arg, const ProtobufCMessage *m)
{
	const Bgp__Peer *p = (const void *)m;
	struct peer_follow *f = arg;
	const struct seen_peer *old, *now;

	peer_remember(&f->now, p);
	now = &f->now.list[f->now.n - 1];
	/* They come in the same order each time. */
	old = f->at < f->before.n &&
		strcmp(f->before.list[f->at].address, p->address) == 0 ?
	    &f->before.list[f->at++] :
	    peer_find(&f->before, p->address);
	if (f->screen)
		ctl_put_neighbor_row(f->ctl, p);
	else if (old == NULL)
		peer_event(f, f->first ? "there" : "added", p->address, p);
	else if (memcmp(old, now, sizeof(*old)) != 0)
		peer_event(f, "changed", p->address, p);
	return !ferror(f->ctl->out);
}

static void
peers_gone(struct peer_follow *f)
{
	size_t i;

	for (i = 0; i < f->before.n; i++)
		if (peer_find(&f->now, f->before.list[i].address) == NULL)
			peer_event(f, "removed", f->before.list[i].address,
			    NULL);
}

static int
watch_peers(struct rounds *r, struct peer_follow *f)
{
	struct client_status status;
	Bgp__ListPeersRequest m;
	int exit_status;
	char text[16];

	bgp__list_peers_request__init(&m);
	while (rounds_next(r)) {
		memset(&status, 0, sizeof(status));
		f->first = r->done == 1;
		f->at = 0;
		if (f->screen)
			/* Home, and clear below. */
			fprintf(f->ctl->out, "\033[H\033[J%s, every %llu s\n\n",
			    clock_text(text, sizeof(text)),
			    (unsigned long long)r->every_ms / 1000);
		if ((f->screen || f->first) && !f->ctl->json_out)
			ctl_put_neighbor_head(f->ctl);
		if (client_stream(f->ctl->client,
			"/bgp.BgpService/ListPeersStream", &m.base,
			&bgp__peer__descriptor, on_peer, f, &status) == -1) {
			exit_status = rounds_failed(r, &status);
			if (exit_status != CTL_DONE)
				return exit_status;
			free(f->now.list);
			memset(&f->now, 0, sizeof(f->now));
			continue;
		}
		client_status_fini(&status);
		r->troubled = false;
		if (!f->screen)
			peers_gone(f);
		free(f->before.list);
		f->before = f->now;
		memset(&f->now, 0, sizeof(f->now));
	}
	return CTL_DONE;
}

int
ctl_watch_neighbors(struct ctl *ctl, const struct cmd_args *args)
{
	struct peer_follow f = { .ctl = ctl };
	struct rounds r;
	int status = rounds_init(ctl, args, &r);

	if (status != CTL_DONE)
		return status;
	f.screen = !ctl->json_out && isatty(fileno(ctl->out));
	status = watch_peers(&r, &f);
	free(f.before.list);
	free(f.now.list);
	return status;
}

/* --- routes */

struct seen_route { /* of one look; they come in the order of nlri_cmp */
	struct nlri nlri;
	uint64_t content; /* of the whole message */
};

struct route_list {
	struct seen_route *list;
	size_t n;
};

struct route_follow {
	struct ctl *ctl;
	bool first;
	struct route_list before;
	struct route_list now;
	size_t at; /* in before: passed */
	uint8_t *packed; /* scratch */
	size_t size;
};

static void
route_event(struct route_follow *f, char sign, const char *prefix,
    const Bgp__Route *route)
{
	struct ctl *ctl = f->ctl;
	char text[16], head[32];

	if (ctl->json_out) {
		json_init(&ctl->json, ctl->out);
		json_object(&ctl->json, NULL);
		json_string(&ctl->json, "event",
		    sign == '+'     ? "added" :
			sign == '-' ? "removed" :
				      "changed");
		json_uint(&ctl->json, "time_unix", (uint64_t)time(NULL));
		json_string(&ctl->json, "prefix", prefix);
		if (route != NULL)
			ctl_put_message_json(ctl, "route", &route->base);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
		return;
	}
	(void)snprintf(head, sizeof(head), "%s %c ",
	    clock_text(text, sizeof(text)), sign);
	if (route != NULL)
		ctl_put_route_change(ctl->out, head, route);
	else
		fprintf(ctl->out, "%s%s\n", head, prefix);
}

static uint64_t
content_of(struct route_follow *f, const Bgp__Route *route)
{
	size_t n = protobuf_c_message_get_packed_size(&route->base);

	if (n > f->size) {
		f->size = n * 2;
		f->packed = xreallocarray(f->packed, f->size, 1);
	}
	(void)protobuf_c_message_pack(&route->base, f->packed);
	return hash_bytes(f->packed, n);
}

/* Those of the look before that come before this one are gone. */
static void
routes_gone(struct route_follow *f, const struct nlri *until)
{
	char text[NLRI_STRLEN];

	while (f->at < f->before.n &&
	    (until == NULL ||
		nlri_cmp(&f->before.list[f->at].nlri, until) < 0)) {
		route_event(f, '-', nlri_str(&f->before.list[f->at].nlri, text),
		    NULL);
		f->at++;
	}
}

static bool
on_watched(void *arg, const Bgp__Route *route)
{
	struct route_follow *f = arg;
	struct seen_route *s;
	struct err e;

	if ((f->now.n & (f->now.n - 1)) == 0)
		f->now.list = xreallocarray(f->now.list,
		    f->now.n == 0 ? 1 : f->now.n * 2, sizeof(*f->now.list));
	s = &f->now.list[f->now.n];
	memset(s, 0, sizeof(*s));
	if (nlri_parse(route->prefix, &s->nlri, &e) == -1)
		return true; /* of a kind that we do not know */
	f->now.n++;
	s->content = content_of(f, route);
	routes_gone(f, &s->nlri);
	if (f->at < f->before.n &&
	    nlri_cmp(&f->before.list[f->at].nlri, &s->nlri) == 0) {
		if (f->before.list[f->at].content != s->content)
			route_event(f, '*', route->prefix, route);
		f->at++;
	} else if (!f->first) {
		route_event(f, '+', route->prefix, route);
	}
	return !ferror(f->ctl->out);
}

static int
watch_routes(struct rounds *r, struct route_follow *f,
    const struct rib_query *q)
{
	struct client_status status;
	int exit_status;

	while (rounds_next(r)) {
		memset(&status, 0, sizeof(status));
		f->first = r->done == 1;
		f->at = 0;
		if (rib_query_run(f->ctl, q, on_watched, f, &status) == -1) {
			exit_status = rounds_failed(r, &status);
			if (exit_status != CTL_DONE)
				return exit_status;
			free(f->now.list);
			memset(&f->now, 0, sizeof(f->now));
			continue;
		}
		client_status_fini(&status);
		r->troubled = false;
		routes_gone(f, NULL);
		if (f->first && !f->ctl->json_out)
			fprintf(f->ctl->out,
			    "%zu routes; + comes, - goes, * changes\n",
			    f->now.n);
		free(f->before.list);
		f->before = f->now;
		memset(&f->now, 0, sizeof(f->now));
	}
	return CTL_DONE;
}

int
ctl_watch_routes(struct ctl *ctl, const struct cmd_args *args)
{
	struct route_follow f = { .ctl = ctl };
	struct rib_query q;
	struct rounds r;
	int status = rounds_init(ctl, args, &r);

	if (status == CTL_DONE)
		status = rib_query_init(ctl, args, &q);
	if (status != CTL_DONE)
		return status;
	hash_init();
	status = watch_routes(&r, &f, &q);
	rib_query_fini(&q);
	free(f.before.list);
	free(f.now.list);
	free(f.packed);
	return status;
}
