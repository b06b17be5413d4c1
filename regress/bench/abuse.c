/* SPDX-License-Identifier: ISC */
/* See abuse.h. */
#include "regress/bench/abuse.h"

#include <sys/socket.h>
#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "regress/bench/session.h"

#define HELD_MAX 64 /* connections kept half open */

struct abuser {
	const struct abuse *a;
	uint64_t rng;
	int held[HELD_MAX];
	unsigned nheld;
};

static uint32_t
rng_below(struct abuser *b, uint32_t n)
{
	uint64_t z = (b->rng += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (uint32_t)((z >> 32) * n >> 32);
}

/* A connection from the i-th address, or -1. */
static int
abuser_connect(const struct abuse *a, unsigned i)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(a->port) };
	struct pollfd pfd = { .events = POLLOUT };
	uint32_t v = htonl(get_u32(a->local.b) + i);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), e = 0;
	socklen_t len = sizeof(e);

	if (fd == -1)
		return -1;
	memcpy(&from.sin_addr, &v, 4);
	memcpy(&to.sin_addr, a->dut.b, 4);
	pfd.fd = fd;
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) == -1 ||
	    (connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1 &&
		errno != EINPROGRESS) ||
	    poll(&pfd, 1, 200) != 1 ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) == -1 || e != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
spoil(struct abuser *b, uint8_t *p, size_t n, unsigned times)
{
	while (n > 0 && times-- > 0)
		p[rng_below(b, (uint32_t)n)] ^=
		    (uint8_t)(1u << rng_below(b, 8));
}

static void
put(int fd, const struct bytes *m)
{
	if (send(fd, m->data, m->len, MSG_NOSIGNAL) == -1)
		return;
}

static void
add_random(struct abuser *b, struct bytes *m, size_t n)
{
	while (n-- > 0)
		bytes_u8(m, rng_below(b, 256));
}

/* A good OPEN and KEEPALIVE. */
static void
greet(struct abuser *b, struct bytes *m, unsigned i)
{
	wire_open(m, b->a->asn + i, 90, 0x0a630000 + i, 1u << WIRE_AFI_IP4);
	wire_keepalive(m);
}

/* A run of good UPDATEs with a few bits wrong behind the headers. */
static void
add_spoilt_updates(struct abuser *b, struct bytes *m)
{
	const struct bytes *u = b->a->updates;
	size_t at = 0, len, from;
	unsigned skip = rng_below(b, 200), n = 1 + rng_below(b, 40);

	while (at + WIRE_HDR <= u->len && n > 0) {
		len = get_u16(u->data + at + 16);
		if (skip > 0)
			skip--;
		else {
			from = m->len;
			bytes_add(m, u->data + at, len);
			if (rng_below(b, 3) != 0)
				spoil(b, m->data + from + WIRE_HDR,
				    len - WIRE_HDR, 1 + rng_below(b, 4));
			n--;
		}
		at += len;
	}
}

static void
misbehave(struct abuser *b, int fd, unsigned i, struct bytes *m)
{
	uint8_t *h;

	m->len = 0;
	switch (rng_below(b, 7)) {
	case 0: /* nothing at all */
		return;
	case 1:
		add_random(b, m, 1 + rng_below(b, 4096));
		break;
	case 2: /* a header that lies */
		wire_keepalive(m);
		h = m->data;
		spoil(b, h + rng_below(b, 17), 2, 2);
		add_random(b, m, rng_below(b, 100));
		break;
	case 3:
		greet(b, m, i);
		spoil(b, m->data + 19, m->len - 38, 1 + rng_below(b, 6));
		break;
	case 4:
		greet(b, m, i);
		add_random(b, m, rng_below(b, 64));
		break;
	default:
		greet(b, m, i);
		add_spoilt_updates(b, m);
		break;
	}
	put(fd, m);
}

/* Keep a connection open for a while, for an older one. */
static void
keep(struct abuser *b, int fd)
{
	unsigned k = rng_below(b, HELD_MAX);

	if (b->nheld < HELD_MAX) {
		b->held[b->nheld++] = fd;
		return;
	}
	close(b->held[k]);
	b->held[k] = fd;
}

unsigned
abuse_run(const struct abuse *a)
{
	struct abuser b = { .a = a, .rng = a->seed };
	int64_t end = now_us() + (int64_t)a->seconds * 1000000;
	struct linger reset = { .l_onoff = 1 };
	struct bytes m = { 0 };
	unsigned made = 0, i;
	char sink[4096];
	int fd;

	while (now_us() < end) {
		i = rng_below(&b, a->n + a->nstrangers);
		if ((fd = abuser_connect(a, i)) == -1)
			continue;
		made++;
		misbehave(&b, fd, i, &m);
		if (rng_below(&b, 4) == 0)
			poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1,
			    (int)rng_below(&b, 20));
		while (recv(fd, sink, sizeof(sink), 0) > 0)
			;
		if (rng_below(&b, 3) == 0) {
			keep(&b, fd);
			continue;
		}
		if (rng_below(&b, 2) == 0)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset,
			    sizeof(reset));
		close(fd);
	}
	while (b.nheld > 0)
		close(b.held[--b.nheld]);
	bytes_free(&m);
	return made;
}
