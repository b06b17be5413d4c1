/* SPDX-License-Identifier: ISC */
/* See session.h. */
#include "regress/bench/session.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define IN_SIZE (256u * 1024u)
#define OUT_STEP (256u * 1024u)
#define HOLD_SECONDS 240
#define CONNECT_US (5 * 1000000)
#define RETRY_US (200 * 1000)
/* Listen queues are short (BIRD 8, OpenBGPD 5): few at a time. */
#define CONNECTING_MAX 4
/* Receivers from which on it pays to keep what was looked at. */
#define SAME_MIN 4

/* What is known of attributes as they came, octet for octet. */
struct memo_row {
	uint64_t hash;
	size_t raw; /* offset in struct memo.raws */
	uint32_t len;
	uint32_t cls;
};

struct memo {
	struct memo_row *rows;
	uint32_t n, size;
	struct bytes raws, tmp, canon;
};

int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void fault(struct pool *, uint64_t *, const struct session *,
    const char *, ...) __attribute__((__format__(__printf__, 4, 5)));

static void
fault(struct pool *p, uint64_t *count, const struct session *s, const char *fmt,
    ...)
{
	va_list ap;
	int n;

	if ((*count)++ == 0 && p->faults.first[0] == '\0') {
		n = snprintf(p->faults.first, sizeof(p->faults.first),
		    "peer %u: ", (unsigned)(s - p->s));
		va_start(ap, fmt);
		vsnprintf(p->faults.first + n,
		    sizeof(p->faults.first) - (size_t)n, fmt, ap);
		va_end(ap);
	}
}

/* base + i, in the last four octets */
static struct addr
addr_nth(const struct addr *base, uint32_t i)
{
	struct addr a = *base;
	uint8_t *b = a.b + (a.afi == WIRE_AFI_IP4 ? 0 : 12);
	uint32_t v = get_u32(b) + i;

	b[0] = (uint8_t)(v >> 24);
	b[1] = (uint8_t)(v >> 16);
	b[2] = (uint8_t)(v >> 8);
	b[3] = (uint8_t)v;
	return a;
}

void
pool_init(struct pool *p, struct table *t, unsigned n, const struct addr *base,
    uint32_t asn, unsigned families)
{
	memset(p, 0, sizeof(*p));
	p->t = t;
	p->n = n;
	p->hold = HOLD_SECONDS;
	p->ignored = PFX_UNKNOWN;
	p->s = need(calloc(n, sizeof(*p->s)));
	if ((p->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1)
		err(2, "epoll_create1");
	for (unsigned i = 0; i < n; i++) {
		p->s[i].fd = -1;
		p->s[i].up_fd = -1;
		p->s[i].local = addr_nth(base, i);
		p->s[i].asn = asn + i;
		p->s[i].families = families;
		p->s[i].tail = need(malloc(WIRE_MAX));
	}
	p->memo = need(calloc(1, sizeof(*p->memo)));
	p->memo->size = 4096;
	p->memo->rows = need(calloc(p->memo->size, sizeof(*p->memo->rows)));
	p->in = need(malloc(IN_SIZE));
	p->same = same_new();
	/* An octet a prefix at least. */
	p->ids = grow(NULL, WIRE_MAX, sizeof(*p->ids));
}

void
pool_fini(struct pool *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (p->s[i].fd != -1)
			close(p->s[i].fd);
		free(p->s[i].tail);
		free(p->s[i].held);
		bytes_free(&p->s[i].ctl);
	}
	free(p->s);
	free(p->memo->rows);
	bytes_free(&p->memo->raws);
	bytes_free(&p->memo->tmp);
	bytes_free(&p->memo->canon);
	free(p->memo);
	same_free(p->same);
	free(p->in);
	free(p->ids);
	close(p->epoll);
}

static socklen_t
sockaddr_make(struct sockaddr_storage *ss, const struct addr *a, uint16_t port)
{
	struct sockaddr_in *in4 = (void *)ss;
	struct sockaddr_in6 *in6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (a->afi == WIRE_AFI_IP4) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons(port);
		memcpy(&in4->sin_addr, a->b, 4);
		return sizeof(*in4);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, a->b, 16);
	return sizeof(*in6);
}

static void
session_poll(struct pool *p, struct session *s, int op, bool out)
{
	struct epoll_event ev = { .events = (s->deaf ? 0 : EPOLLIN) |
		    (out ? EPOLLOUT : 0),
		.data.u32 = (uint32_t)(s - p->s) };

	s->polls_out = out;
	if (epoll_ctl(p->epoll, op, s->fd, &ev) == -1)
		err(2, "epoll_ctl");
}

static void
session_close(struct pool *p, struct session *s, enum session_state next)
{
	s->up_fd = -1;
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	if (s->state == SESSION_CONNECTING || s->state == SESSION_OPENSENT)
		p->connecting--;
	if (s->state == SESSION_UP)
		p->nup--;
	s->state = next;
	s->timer = now_us() + RETRY_US;
	s->ctl.len = s->ctl_sent = s->tail_len = 0;
}

/* The session ended and nobody asked it to. */
static void
session_lost(struct pool *p, struct session *s, const char *why)
{
	if (s->state != SESSION_UP) {
		session_close(p, s, SESSION_IDLE); /* tried again */
		return;
	}
	fault(p, &p->faults.lost, s, "session lost: %s", why);
	session_close(p, s, SESSION_CLOSED);
}

static void
session_connect(struct pool *p, struct session *s)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int one = 1;

	s->fd = socket(p->dut.afi == WIRE_AFI_IP4 ? AF_INET : AF_INET6,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd == -1)
		err(2, "socket");
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	len = sockaddr_make(&ss, &s->local, 0);
	if (bind(s->fd, (struct sockaddr *)&ss, len) == -1)
		err(2, "bind");
	len = sockaddr_make(&ss, &p->dut, p->port);
	s->state = SESSION_CONNECTING;
	s->timer = now_us() + CONNECT_US;
	p->connecting++;
	if (connect(s->fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS) {
		session_close(p, s, SESSION_IDLE);
		return;
	}
	session_poll(p, s, EPOLL_CTL_ADD, true);
}

bool
pool_connect(struct pool *p)
{
	int64_t now = now_us();
	bool all = true;

	for (unsigned i = 0; i < p->n; i++) {
		struct session *s = &p->s[i];

		if (s->late || s->state == SESSION_UP ||
		    s->state == SESSION_CLOSED)
			continue;
		all = false;
		if (s->state != SESSION_IDLE && now > s->timer)
			session_close(p, s, SESSION_IDLE);
		if (s->state == SESSION_IDLE && now >= s->timer &&
		    p->connecting < CONNECTING_MAX)
			session_connect(p, s);
	}
	return all;
}

static void
session_write(struct pool *p, struct session *s)
{
	const uint8_t *from;
	size_t n;
	ssize_t w;

	/* Control messages go between the messages of a stream: before it
	 * begins or after its end. */
	while (s->ctl_sent < s->ctl.len || s->out_sent < s->out_len) {
		bool ctl = s->ctl_sent < s->ctl.len &&
		    (s->out_sent == 0 || s->out_sent == s->out_len);

		from = ctl ? s->ctl.data + s->ctl_sent : s->out + s->out_sent;
		n = ctl ? s->ctl.len - s->ctl_sent : s->out_len - s->out_sent;
		if (n == 0)
			break;
		w = send(s->fd, from, n > OUT_STEP ? OUT_STEP : n,
		    MSG_NOSIGNAL);
		if (w == -1) {
			if (errno != EAGAIN && errno != EINTR)
				session_lost(p, s, strerror(errno));
			else if (!s->polls_out)
				session_poll(p, s, EPOLL_CTL_MOD, true);
			return;
		}
		if (ctl)
			s->ctl_sent += (size_t)w;
		else
			s->out_sent += (size_t)w;
		if (!ctl && (size_t)w == OUT_STEP)
			break; /* let the others have their turn */
	}
	if (s->ctl_sent == s->ctl.len)
		s->ctl.len = s->ctl_sent = 0;
	if (s->polls_out != (s->out_sent < s->out_len))
		session_poll(p, s, EPOLL_CTL_MOD, !s->polls_out);
}

void
pool_send(struct pool *p, unsigned i, const struct bytes *b)
{
	struct session *s = &p->s[i];

	s->out = b->data;
	s->out_len = b->len;
	s->out_sent = 0;
	if (b->len > 0)
		session_poll(p, s, EPOLL_CTL_MOD, true);
}

bool
pool_sent(const struct pool *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (p->s[i].out_sent < p->s[i].out_len)
			return false;
	}
	return true;
}

void
pool_drop(struct pool *p, unsigned i)
{
	struct session *s = &p->s[i];

	wire_notification(&s->ctl, 6, 2);
	session_write(p, s);
	if (s->fd != -1)
		shutdown(s->fd, SHUT_WR);
	session_close(p, s, SESSION_CLOSED);
	s->late = true;
}

void
pool_revive(struct pool *p, unsigned i)
{
	struct session *s = &p->s[i];

	memset(s->held, 0, s->held_cap * sizeof(*s->held));
	s->late = false;
	s->state = SESSION_IDLE;
	s->timer = 0;
	s->out_len = s->out_sent = 0;
}

void
pool_deafen(struct pool *p, unsigned i, bool deaf)
{
	p->s[i].deaf = deaf;
	session_poll(p, &p->s[i], EPOLL_CTL_MOD, p->s[i].polls_out);
}

static void
held_grow(const struct table *t, struct session *s)
{
	if (s->held_cap >= t->npfx)
		return;
	s->held = grow(s->held, t->pfx_cap, sizeof(*s->held));
	memset(s->held + s->held_cap, 0,
	    (t->pfx_cap - s->held_cap) * sizeof(*s->held));
	s->held_cap = t->pfx_cap;
}

static void
count_session(struct pool *p, struct session *s)
{
	const struct table *t = p->t;
	unsigned self = (unsigned)(s - p->s);

	held_grow(t, s);
	s->npresent = s->nright = s->want = 0;
	for (uint32_t i = 0; i < t->npfx; i++) {
		if (t->owner[i] == self)
			continue;
		s->want += t->expect[i] != CLASS_NONE;
		if (s->held[i] == CLASS_NONE)
			continue;
		s->npresent++;
		s->nright += s->held[i] == t->expect[i];
	}
	s->done = s->nright == s->want && s->npresent == s->want;
}

void
pool_recount(struct pool *p)
{
	p->nwanting = p->ndone = 0;
	for (unsigned i = 0; i < p->n; i++) {
		struct session *s = &p->s[i];

		count_session(p, s);
		pool_keepalives(p);
		if (!s->receives || s->late || s->deaf)
			continue;
		p->nwanting++;
		p->ndone += s->done;
	}
}

void
pool_expect(struct pool *p, uint32_t id, uint32_t cls)
{
	uint32_t was = p->t->expect[id];

	for (unsigned i = 0; i < p->n; i++) {
		struct session *s = &p->s[i];
		bool done = s->done;

		held_grow(p->t, s);
		if (p->t->owner[id] == (uint16_t)i)
			continue;
		s->want += (cls != CLASS_NONE) - (was != CLASS_NONE);
		if (s->held[id] != CLASS_NONE)
			s->nright +=
			    (s->held[id] == cls) - (s->held[id] == was);
		s->done = s->nright == s->want && s->npresent == s->want;
		if (s->receives && !s->late && !s->deaf && s->done != done)
			p->ndone += s->done ? 1 : UINT32_MAX;
	}
	p->t->expect[id] = cls;
}

/* ---- receiving ---- */

/* Does the row hold exactly these attributes? */
static bool
memo_same(const struct memo *m, const struct memo_row *r,
    const struct update *u)
{
	const uint8_t *raw = m->raws.data + r->raw, *a = u->attrs;
	size_t left = r->len, n = u->attrs_len, step;

	for (; n > 0; a += step, n -= step) {
		step = (a[0] & 0x10) ? 4 + get_u16(a + 2) : 3u + a[2];
		if (a[1] == ATTR_NEXT_HOP || a[1] == ATTR_MP_REACH ||
		    a[1] == ATTR_MP_UNREACH)
			continue;
		if (step > left || memcmp(raw, a, step) != 0)
			return false;
		raw += step;
		left -= step;
	}
	return left == 0;
}

static void
memo_put(struct memo *m, const struct memo_row *r)
{
	uint32_t i = (uint32_t)r->hash & (m->size - 1);

	while (m->rows[i].cls != CLASS_NONE)
		i = (i + 1) & (m->size - 1);
	m->rows[i] = *r;
}

static void
memo_add(struct memo *m, const struct update *u, uint32_t cls)
{
	struct memo_row r = { .hash = u->hash, .raw = m->raws.len, .cls = cls };
	const uint8_t *a = u->attrs;
	size_t n = u->attrs_len, step;
	struct memo_row *old = m->rows;
	uint32_t size = m->size;

	for (; n > 0; a += step, n -= step) {
		step = (a[0] & 0x10) ? 4 + get_u16(a + 2) : 3u + a[2];
		if (a[1] != ATTR_NEXT_HOP && a[1] != ATTR_MP_REACH &&
		    a[1] != ATTR_MP_UNREACH)
			bytes_add(&m->raws, a, step);
	}
	r.len = (uint32_t)(m->raws.len - r.raw);
	if (++m->n > m->size / 2) {
		m->size *= 2;
		m->rows = need(calloc(m->size, sizeof(*m->rows)));
		for (uint32_t i = 0; i < size; i++) {
			if (old[i].cls != CLASS_NONE)
				memo_put(m, &old[i]);
		}
		free(old);
	}
	memo_put(m, &r);
}

/* The class of the path in an UPDATE; CLASS_NONE: nobody announced it. */
static uint32_t
path_class(struct pool *p, const struct update *u)
{
	struct memo *m = p->memo;
	uint32_t i = (uint32_t)u->hash & (m->size - 1), cls;

	for (; m->rows[i].cls != CLASS_NONE; i = (i + 1) & (m->size - 1)) {
		if (m->rows[i].hash == u->hash && memo_same(m, &m->rows[i], u))
			return m->rows[i].cls;
	}
	m->canon.len = 0;
	if (wire_canon(&m->canon, u->attrs, u->attrs_len, 0) != NULL)
		return CLASS_NONE;
	cls = table_class(p->t, &m->canon);
	if (cls != CLASS_NONE)
		memo_add(m, u, cls);
	return cls;
}

static bool
nh_good(const struct pool *p, unsigned afi, const uint8_t *nh, size_t len)
{
	size_t net = afi == WIRE_AFI_IP4 ? 2 : 8;

	if (nh == NULL || (afi == WIRE_AFI_IP4 && len != 4) ||
	    (afi == WIRE_AFI_IP6 && len != 16 && len != 32))
		return false;
	if (p->nh_exact.afi == afi)
		return memcmp(nh, p->nh_exact.b, len == 32 ? 16 : len) == 0;
	if (p->dut.afi != afi)
		return true;
	return memcmp(nh, p->dut.b, net) == 0;
}

static int64_t
keepalive_us(const struct pool *p)
{
	return (int64_t)p->hold * 1000000 / (p->hold > 60 ? 4 : 3);
}

/* A prefix now has a path of this class, or none. */
static void
hold(struct pool *p, struct session *s, uint32_t id, uint32_t cls)
{
	const struct table *t = p->t;
	uint32_t was = s->held[id], want = t->expect[id];

	if (id == p->ignored) {
		p->ignored_cls = cls;
		return;
	}
	if (t->owner[id] == (uint16_t)(s - p->s)) {
		p->echoes++;
		return;
	}
	s->held[id] = cls;
	s->npresent += (cls != CLASS_NONE) - (was != CLASS_NONE);
	if (want != CLASS_NONE) {
		s->nright += (cls == want) - (was == want);
		p->spoilt += was == want && cls != want;
	}
}

/* Find the numbers of prefixes and keep them in p->ids. */
static bool
ids_in(struct pool *p, struct session *s, unsigned afi, const uint8_t *d,
    size_t n, uint32_t cls)
{
	char text[64];
	struct pfx pfx;
	uint32_t id;
	size_t step;

	for (; n > 0; d += step, n -= step) {
		if ((step = wire_get_pfx(&pfx, afi, d, n)) == 0)
			return false;
		id = table_find(p->t, &pfx, s->hint);
		if (id == PFX_UNKNOWN && p->lenient && cls != CLASS_NONE)
			id = table_enter(p->t, &pfx);
		if (p->lenient)
			held_grow(p->t, s);
		if (id == PFX_UNKNOWN || id >= s->held_cap) {
			if (cls != CLASS_NONE)
				fault(p, &p->faults.unexpected, s,
				    "unexpected prefix %s",
				    pfx_text(&pfx, text));
			continue;
		}
		s->hint = id + 1;
		p->ids[p->nids++] = id;
	}
	return true;
}

/* What a message said is so from now on. */
static void
take(struct pool *p, struct session *s, const struct said *said)
{
	uint32_t i;

	for (i = 0; i < said->ngone; i++)
		hold(p, s, said->ids[i], CLASS_NONE);
	for (; i < said->n; i++)
		hold(p, s, said->ids[i], said->cls);
	p->updates += s->receives;
	if (!s->receives)
		return;
	p->withdrawn += said->ngone;
	p->routes += said->n - said->ngone;
}

/* A canonical form in words: the AS path, then types and octets. */
static void
canon_text(const struct bytes *c, char *buf, size_t size)
{
	size_t at = 0, n;

	buf[0] = '\0';
	for (size_t i = 0; i + 3 <= c->len && at + 32 < size; i += 3 + n) {
		n = get_u16(c->data + i + 1);
		at += (size_t)snprintf(buf + at, size - at, " %u:", c->data[i]);
		for (size_t k = 0; k < n && at + 16 < size; k++) {
			if (c->data[i] != ATTR_AS_PATH)
				at += (size_t)snprintf(buf + at, size - at,
				    "%02x", c->data[i + 3 + k]);
			else if (k % 5 == 0 && k + 5 <= n)
				at += (size_t)snprintf(buf + at, size - at,
				    "%s%u", k > 0 ? "," : "",
				    get_u32(c->data + i + 4 + k));
		}
	}
}

/* The prefixes that an UPDATE takes away, or those that it announces. */
static bool
update_ids(struct pool *p, struct session *s, const struct update *u,
    uint32_t cls)
{
	if (cls == CLASS_NONE)
		return ids_in(p, s, WIRE_AFI_IP4, u->gone, u->gone_len, cls) &&
		    (u->mp_gone == NULL ||
			ids_in(p, s, u->mp_gone_afi, u->mp_gone, u->mp_gone_len,
			    cls));
	return ids_in(p, s, WIRE_AFI_IP4, u->nlri, u->nlri_len, cls) &&
	    (u->mp_nlri == NULL ||
		ids_in(p, s, u->mp_afi, u->mp_nlri, u->mp_nlri_len, cls));
}

/* The class of its path, which is looked at with its next hop. */
static uint32_t
update_class(struct pool *p, struct session *s, const struct update *u)
{
	uint32_t cls = path_class(p, u);
	struct pfx pfx = { 0 };
	char text[64], path[400];

	if (cls == CLASS_NONE && p->lenient)
		cls = CLASS_OTHER;
	if (cls == CLASS_NONE) {
		if (u->nlri_len > 0)
			wire_get_pfx(&pfx, WIRE_AFI_IP4, u->nlri, u->nlri_len);
		else
			wire_get_pfx(&pfx, u->mp_afi, u->mp_nlri,
			    u->mp_nlri_len);
		canon_text(&p->memo->canon, path, sizeof(path));
		fault(p, &p->faults.path_bad, s,
		    "%s has a path that nobody announced:%s",
		    pfx_text(&pfx, text), path);
		cls = CLASS_OTHER;
	}
	if ((u->nlri_len > 0 && !nh_good(p, WIRE_AFI_IP4, u->nh, 4)) ||
	    (u->mp_nlri_len > 0 &&
		!nh_good(p, u->mp_afi, u->mp_nh, u->mp_nh_len)))
		fault(p, &p->faults.nh_bad, s, "bad next hop");
	return cls;
}

/* Look at an UPDATE; what it says is in p->ids. */
static const char *
update_look(struct pool *p, struct session *s, const uint8_t *body, size_t n,
    struct said *said)
{
	struct update u;
	const char *why = wire_update(&u, body, n);

	if (why != NULL)
		return why;
	p->nids = 0;
	said->ids = p->ids;
	if (!update_ids(p, s, &u, CLASS_NONE))
		return "malformed withdrawn prefix";
	said->ngone = said->n = p->nids;
	said->cls = CLASS_NONE;
	if (u.nlri_len == 0 && u.mp_nlri_len == 0)
		return NULL;
	said->cls = update_class(p, s, &u);
	if (!update_ids(p, s, &u, said->cls))
		return "malformed prefix";
	said->n = p->nids;
	return NULL;
}

static const char *
update_in(struct pool *p, struct session *s, const uint8_t *body, size_t n)
{
	bool keep = p->nwanting >= SAME_MIN && !p->lenient;
	struct said said;
	const char *why;

	if (keep && same_find(p->same, &s->same, body, n, &said) &&
	    said.max < s->held_cap) {
		s->hint = said.ids[said.n - 1] + 1;
		take(p, s, &said);
		return NULL;
	}
	if ((why = update_look(p, s, body, n, &said)) != NULL)
		return why;
	take(p, s, &said);
	if (!keep || said.n == 0 || pool_faulty(p))
		return NULL;
	said.max = 0;
	for (uint32_t i = 0; i < said.n; i++) {
		if (said.ids[i] > said.max)
			said.max = said.ids[i];
	}
	same_add(p->same, body, n, &said);
	return NULL;
}

static void
message_in(struct pool *p, struct session *s, const uint8_t *m, size_t n)
{
	const char *why;
	char text[64];

	switch (m[18]) {
	case WIRE_OPEN:
		wire_keepalive(&s->ctl);
		session_write(p, s);
		return;
	case WIRE_KEEPALIVE:
		if (s->state == SESSION_OPENSENT) {
			s->state = SESSION_UP;
			s->up_fd = s->fd;
			s->timer = now_us() + keepalive_us(p);
			p->connecting--;
			p->nup++;
		}
		return;
	case WIRE_UPDATE:
		why = update_in(p, s, m + WIRE_HDR, n - WIRE_HDR);
		if (why != NULL)
			fault(p, &p->faults.malformed, s, "UPDATE: %s", why);
		return;
	case WIRE_NOTIFICATION:
		snprintf(text, sizeof(text), "NOTIFICATION %u/%u",
		    n > 19 ? m[19] : 0, n > 20 ? m[20] : 0);
		session_lost(p, s, text);
		return;
	default:
		return;
	}
}

/* All sessions read into the same place, so that it stays in the cache. */
static void
session_read(struct pool *p, struct session *s)
{
	size_t at = 0, have = s->tail_len, len;
	ssize_t r = recv(s->fd, p->in + have, IN_SIZE - have, 0);
	bool was = s->done;

	if (r <= 0) {
		if (r == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		session_lost(p, s, r == 0 ? "closed" : strerror(errno));
		return;
	}
	p->bytes_in += (uint64_t)r;
	s->heard = now_us();
	memcpy(p->in, s->tail, have);
	have += (size_t)r;
	while (have - at >= WIRE_HDR) {
		len = get_u16(p->in + at + 16);
		if (len < WIRE_HDR || len > WIRE_MAX) {
			fault(p, &p->faults.malformed, s, "message length");
			session_close(p, s, SESSION_CLOSED);
			return;
		}
		if (have - at < len)
			break;
		message_in(p, s, p->in + at, len);
		if (s->fd == -1)
			return;
		at += len;
	}
	s->tail_len = have - at;
	memcpy(s->tail, p->in + at, s->tail_len);
	if (!s->receives)
		return;
	s->done = s->nright == s->want && s->npresent == s->want;
	if (s->done != was)
		p->ndone += s->done ? 1 : UINT32_MAX;
}

static void
session_ready(struct pool *p, struct session *s)
{
	struct addr *a = &s->local;
	int e = 0;
	socklen_t len = sizeof(e);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &e, &len) == -1 || e != 0) {
		session_close(p, s, SESSION_IDLE);
		return;
	}
	s->state = SESSION_OPENSENT;
	wire_open(&s->ctl, s->asn, (uint16_t)p->hold,
	    a->afi == WIRE_AFI_IP4 ? get_u32(a->b) :
				     0x0a000000 | get_u32(a->b + 12),
	    s->families);
	session_write(p, s);
}

/* The daemon said nothing for the hold time, and nothing lies unread. */
static bool
expired(const struct pool *p, const struct session *s, int64_t now)
{
	char c;

	return !s->deaf && now - s->heard > (int64_t)p->hold * 1000000 &&
	    recv(s->fd, &c, 1, MSG_PEEK) == -1 && errno == EAGAIN;
}

static void
keepalives(struct pool *p)
{
	int64_t now = now_us();

	for (unsigned i = 0; i < p->n; i++) {
		struct session *s = &p->s[i];

		if (s->state != SESSION_UP)
			continue;
		if (expired(p, s, now)) {
			wire_notification(&s->ctl, 4, 0);
			session_write(p, s);
			session_lost(p, s, "hold time expired");
			continue;
		}
		if (now < s->timer || s->out_sent < s->out_len)
			continue;
		s->timer = now + keepalive_us(p);
		wire_keepalive(&s->ctl);
		session_write(p, s);
	}
}

void
pool_keepalives(struct pool *p)
{
	static int64_t next;

	if (now_us() < next)
		return;
	next = now_us() + 100000;
	keepalives(p);
}

void
pool_turn(struct pool *p, int wait_ms)
{
	struct epoll_event ev[64];
	int n = epoll_wait(p->epoll, ev, 64, wait_ms);

	if (n == -1 && errno != EINTR)
		err(2, "epoll_wait");
	for (int i = 0; i < n; i++) {
		struct session *s = &p->s[ev[i].data.u32];

		if (s->fd == -1)
			continue;
		if (s->state == SESSION_CONNECTING) {
			session_ready(p, s);
			continue;
		}
		if (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			session_read(p, s);
		if (s->fd != -1 && (ev[i].events & EPOLLOUT))
			session_write(p, s);
	}
	pool_keepalives(p);
}
